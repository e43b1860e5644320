"""Drafts over HTTP: what the pages keep is reachable for programs too (FEATURES S2)."""

from typing import Any

import pytest

from agents.models import Agent
from jobs.drafts.models import Draft
from jobs.drafts.services import publish_draft, start_draft
from jobs.lifecycle import Status
from jobs.models import Job
from marketplace.errors import NotFound
from marketplace.json_limits import MAX_LENGTH
from marketplace.money import MICRO
from tests import factories
from tests.fixtures import ApiClient, api_for
from tests.pages import client_of, text_of
from tests.racing import losers, race, winners
from wallets.queries import balance

WHOLE = {"title": "Name a bakery", "description": "Five names.", "budgetUsdc": 20, "terms": {"bidding": "first_price"}}


def begun(api: ApiClient, **data: Any) -> dict[str, Any]:
    response = api.post("/job-drafts", {"data": data})
    assert response.status_code == 201, response.content
    return response.json()["data"]


def test_a_program_writes_a_draft_bit_by_bit_and_publishes_it(poster: Agent, poster_api: ApiClient) -> None:
    draft = begun(poster_api, title="Name a bakery")
    path = f"/job-drafts/{draft['id']}"
    assert (draft["title"], draft["step"]) == ("Name a bakery", "work")
    assert draft["problems"] == [{"field": "budgetUsdc", "message": "This field is required."}]

    said = {"budgetUsdc": "20", "terms.bidding": "first_price", "terms.autoAccept": True, "skills": ["naming"]}
    changed = poster_api.patch(path, {"data": said}).json()["data"]
    assert changed["problems"] == [
        {"field": "terms.biddingWindowSeconds", "message": "Say when the best bid is accepted."}
    ]
    refused = poster_api.post(f"{path}/publish")
    assert (refused.status_code, refused.json()["errors"]) == (400, changed["problems"])
    changed = poster_api.patch(path, {"data": {"terms.autoAccept": None, "skills": None}}).json()["data"]
    assert changed["data"] == {"title": "Name a bakery", "budgetUsdc": "20", "terms": {"bidding": "first_price"}}

    job = poster_api.post(f"{path}/publish")
    assert (job.status_code, job.json()["data"]["status"]) == (201, Status.OPEN)
    assert Job.objects.get().rules.bidding == "first_price"
    assert poster_api.get(path).status_code == 404


def test_what_a_program_began_a_person_goes_on_with(poster: Agent) -> None:
    """Any value of the API, amounts that are numbers included, is shown in the forms."""
    draft = start_draft(actor=poster, data={**WHOLE, "deadlineAt": "2031-05-06T07:08:00Z", "title": {"odd": 1}})
    client = client_of(poster)
    money = client.get(f"/jobs/new/{draft.pk}/money/").content.decode()
    assert 'value="20"' in money and 'value="2031-05-06T07:08"' in money
    assert "odd" in client.get(f"/jobs/new/{draft.pk}/work/").content.decode()
    assert "Not a valid string" in text_of(client.get(f"/jobs/new/{draft.pk}/check/"))


@pytest.mark.parametrize(
    "data",
    [
        {"terms": "all of them"},
        {"terms": {"weights": 5}},
        {"inputData": "text", "templateId": 7},
        {"templateId": "gone"},
        {"attachmentIds": "no list"},
        {"attachmentIds": [{"a": 1}, "01a200e4-5f3c-7696-b7e6-b0b5a524dbbf"]},
        {"invitedAgentId": {"x": []}},
        {"vertical": ["a"]},
        {"skills": "writing"},
    ],
)
def test_no_draft_is_too_odd_for_the_pages(poster: Agent, data: dict[str, Any]) -> None:
    client = client_of(poster)
    api = api_for(poster)
    draft = begun(api, **{**WHOLE, **data})
    for step in ("kind", "work", "who", "money"):
        assert client.get(f"/jobs/new/{draft['id']}/{step}/").status_code == 200, step
    assert client.get(f"/jobs/new/{draft['id']}/check/").status_code == 200
    assert api.post(f"/job-drafts/{draft['id']}/publish").status_code == (400 if draft["problems"] else 201)


def test_a_draft_has_limits(poster_api: ApiClient) -> None:
    draft = begun(poster_api, title="x" * (MAX_LENGTH // 2))
    grown = poster_api.patch(f"/job-drafts/{draft['id']}", {"data": {"description": "x" * (MAX_LENGTH // 2)}})
    assert grown.status_code == 400
    assert "description" not in Draft.objects.get().data


def test_drafts_are_listed_for_their_owner(poster_api: ApiClient, worker_api: ApiClient) -> None:
    first, second = begun(poster_api, title="One"), begun(poster_api, title="Two")
    poster_api.patch(f"/job-drafts/{first['id']}", {"data": {}})
    rows = poster_api.get("/job-drafts").json()["data"]
    assert [row["title"] for row in rows] == ["One", "Two"]
    assert worker_api.get("/job-drafts").json()["data"] == []
    assert poster_api.delete(f"/job-drafts/{second['id']}").status_code == 200
    assert Draft.objects.get().title == "One"


def test_a_job_is_copied_over_http(poster: Agent, worker: Agent, poster_api: ApiClient, worker_api: ApiClient) -> None:
    job = factories.job_in(Status.ASSIGNED, poster, worker)
    draft = poster_api.post(f"/jobs/{job.pk}/duplicate")
    assert (draft.status_code, draft.json()["data"]["problems"]) == (201, [])
    assert worker_api.post(f"/jobs/{job.pk}/duplicate").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_a_draft_that_is_published_twice_at_once_becomes_one_job(poster: Agent, worker: Agent) -> None:
    """SURVIVE L10: one effect, and the money is held once."""
    offer = {"title": "Once", "budgetUsdc": "10", "invitedAgentId": worker.handle}
    draft = start_draft(actor=poster, data=offer)
    outcomes = race([lambda: publish_draft(draft=draft, actor=poster)] * 4)
    assert len(winners(outcomes)) == 1
    assert [type(refusal) for refusal in losers(outcomes)] == [NotFound] * 3
    assert (Job.objects.count(), balance(poster).held) == (1, 10 * MICRO)


def test_programs_are_given_the_hint_and_the_preview_that_pages_give(poster: Agent, worker: Agent) -> None:
    api = api_for(poster)
    empty = {"count": 0, "lowUsdc": None, "middleUsdc": None, "highUsdc": None}
    assert api.get("/job-drafts/price-hint?vertical=law").json()["data"] == empty
    for price in (10, 20, 30):
        factories.completed_job(poster, worker, vertical="Law", price=price * MICRO)
    hint = api.get("/job-drafts/price-hint?vertical=law").json()["data"]
    assert hint == {"count": 3, "lowUsdc": "15.00", "middleUsdc": "20.00", "highUsdc": "25.00"}
    assert api.get("/job-drafts/price-hint?templateId=nothing").status_code == 400
    shown = api.post("/job-drafts/preview", {"text": "**A stool** <script>alert(1)</script>"})
    assert shown.status_code == 200 and "<strong>A stool</strong>" in shown.json()["data"]["html"]
    assert "<script" not in shown.json()["data"]["html"]
