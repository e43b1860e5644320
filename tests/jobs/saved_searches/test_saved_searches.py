"""Searches that people keep, and alerts of what is new (PEOPLE: saved searches with alerts)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Agent
from agents.services import set_suspension
from jobs.matching import match_job
from jobs.models import Job
from jobs.saved_searches.models import SavedSearch
from jobs.saved_searches.services import MOST_SEARCHES, change_search, save_search
from marketplace.events.models import Event
from marketplace.money import MICRO
from tests import factories
from tests.fixtures import ApiClient
from tests.pages import client_of, queries_of, text_of

ALL_OF_IT = {
    "q": "leaf",
    "vertical": "Translation",
    "skills": "german",
    "minBudget": "10",
    "maxBudget": "50",
    "biddingRule": "open",
    "deadlineWithinHours": "48",
}


@pytest.fixture
def seeker(db: None) -> Agent:
    """A person who looks for work."""
    return factories.make_person("Sela")


def keep(owner: Agent, **filters: str) -> SavedSearch:
    return save_search(actor=owner, name="Mine", filters=filters)


def fitting_job(poster: Agent, **changes: object) -> Job:
    """A job that ALL_OF_IT finds, with changes."""
    fields = {
        "title": "A leaf of German",
        "vertical": "translation",
        "skills": ["german", "law"],
        "budget": 20 * MICRO,
        "deadline_at": timezone.now() + timedelta(hours=24),
    }
    return factories.open_job(poster, **{**fields, **changes})


def told(job: Job) -> list[object]:
    match_job(job=job)
    return [agent for event in Event.objects.filter(type="search.matched", job=job) for agent in event.audience]


def test_a_new_job_that_matches_is_told_once_in_one_event(poster: Agent, worker: Agent, outsider: Agent) -> None:
    keep(worker, **ALL_OF_IT)
    keep(worker, q="German")
    keep(outsider, vertical="TRANSLATION")

    job = fitting_job(poster)

    assert told(job) == sorted([worker.pk, outsider.pk])
    event = Event.objects.get(type="search.matched")
    assert (event.data["title"], event.data["budgetUsdc"]) == ("A leaf of German", "20.00")


@pytest.mark.parametrize(
    "change",
    [
        {"title": "A letter", "description": "In German."},
        {"vertical": "writing"},
        {"skills": ["law"]},
        {"budget": 9 * MICRO},
        {"budget": 51 * MICRO},
        {"terms": {"bidding": "reverse_auction"}},
        {"deadline_at": timezone.now() + timedelta(days=9)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_filter_keeps_out_what_it_would_not_find(poster: Agent, worker: Agent, change: dict[str, object]) -> None:
    keep(worker, **ALL_OF_IT)

    assert told(fitting_job(poster, **change)) == []


def test_nobody_is_told_of_their_own_job_or_without_alerts(poster: Agent, worker: Agent, outsider: Agent) -> None:
    own_agent = factories.make_agent(poster)
    for owner in (poster, own_agent):
        keep(owner, q="German")
    change_search(search=keep(worker, q="German"), actor=worker, alerts=False)
    keep(outsider, q="German")
    set_suspension(agent=outsider, actor=factories.make_person("Olga", is_staff=True), suspended=True)

    assert told(fitting_job(poster)) == []


def test_a_search_is_kept_from_the_list_and_finds_the_same_again(poster: Agent, seeker: Agent) -> None:
    fitting_job(poster)
    factories.open_job(poster, title="Paint a chair")
    browser = client_of(seeker)
    query = "?q=leaf&vertical=translation&maxBudget=50"

    assert f'href="/jobs/searches/new/{query.replace("&", "&amp;")}"' in browser.get(f"/jobs/{query}").content.decode()
    form = browser.get(f"/jobs/searches/new/{query}")
    assert form.context["form"].initial["name"] == "“leaf”, Translation, Up to 50 USDC"
    answer = browser.post(f"/jobs/searches/new/{query}", {"name": "Leaves", "alerts": "on"})

    assert answer["Location"] == "/jobs/searches/"
    search = SavedSearch.objects.get()
    assert (search.owner, search.alerts, search.filters) == (
        seeker,
        True,
        {"q": "leaf", "vertical": "translation", "maxBudget": "50"},
    )
    listed = browser.get("/jobs/searches/")
    assert "Leaves" in text_of(listed)
    assert "Paint a chair" not in text_of(browser.get("/jobs/" + listed.context["rows"][0][1]))


def test_what_was_typed_is_kept_when_it_is_refused(seeker: Agent) -> None:
    browser = client_of(seeker)

    unnamed = browser.post("/jobs/searches/new/?q=leaf", {"name": " "})
    nothing = browser.post("/jobs/searches/new/", {"name": "All"})

    assert (unnamed.status_code, nothing.status_code) == (400, 400)
    assert "This field is required" in text_of(unnamed)
    assert "Name at least one thing to look for" in text_of(nothing)
    assert 'value="All"' in nothing.content.decode()
    assert not SavedSearch.objects.exists()


def test_a_search_is_its_owners_alone(worker: Agent, outsider: Agent, outsider_api: ApiClient) -> None:
    search = keep(worker, q="leaf")

    for address in (f"/jobs/searches/{search.pk}/", f"/jobs/searches/{search.pk}/delete/"):
        assert client_of(outsider).get(address).status_code == 404
        assert client_of(outsider).post(address, {"name": "Mine"}).status_code == 404
    for method in ("get", "patch", "delete"):
        assert getattr(outsider_api, method)(f"/saved-searches/{search.pk}").status_code == 404
    assert outsider_api.get("/saved-searches").json()["data"] == []
    assert SavedSearch.objects.get().name == "Mine"


def test_all_of_it_is_done_over_the_api_too(worker_api: ApiClient, worker: Agent) -> None:
    """Every button has an endpoint."""
    made = worker_api.post("/saved-searches", {"name": "Leaves", "filters": {**ALL_OF_IT, "deadlineWithinHours": 48}})
    address = f"/saved-searches/{made.json()['data']['id']}"
    changed = worker_api.patch(address, {"alerts": False, "filters": {"skills": "Law, german"}})

    assert made.status_code == 201
    assert made.json()["data"]["filters"] == {**ALL_OF_IT, "vertical": "translation"}
    assert changed.json()["data"]["filters"] == {"skills": "law,german"}
    assert worker_api.get(address).json()["data"]["alerts"] is False
    assert [one["name"] for one in worker_api.get("/saved-searches").json()["data"]] == ["Leaves"]
    assert worker_api.delete(address).json()["data"]["name"] == "Leaves"
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ({}, "filters"),
        ({"minBudget": "much"}, "minBudget"),
        ({"status": "open"}, "filters.status"),
        ({"q": "x" * 201}, "filters.q"),
    ],
)
def test_what_cannot_be_looked_for_is_refused(worker_api: ApiClient, filters: dict[str, str], field: str) -> None:
    refusal = worker_api.post("/saved-searches", {"name": "Odd", "filters": filters})

    assert (refusal.status_code, refusal.json()["errors"][0]["field"]) == (400, field)
    assert not SavedSearch.objects.exists()


def test_there_is_an_end_to_saving(worker: Agent, worker_api: ApiClient) -> None:
    SavedSearch.objects.bulk_create(SavedSearch(owner=worker, name="One", words="x") for _ in range(MOST_SEARCHES))

    refusal = worker_api.post("/saved-searches", {"name": "One more", "filters": {"q": "leaf"}})

    assert (refusal.status_code, refusal.json()["code"]) == (409, "TOO_MANY_SAVED_SEARCHES")


def test_matching_and_the_page_cost_the_same_at_one_and_at_three(poster: Agent, seeker: Agent) -> None:
    browser = client_of(seeker)
    costs = []
    for count in (1, 2):
        for _ in range(count):
            keep(seeker, q="German")
        job = fitting_job(poster)
        with CaptureQueriesContext(connection) as queries:
            match_job(job=job)
        costs.append((queries_of(browser, "/jobs/searches/"), len(queries)))

    assert costs[0] == costs[1]
    assert costs[0][0] <= 12
