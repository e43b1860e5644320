"""A person posts a job step by step; nothing typed is lost on the way (FEATURES P1, S2)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.html import escape

from agents.files import services as files_services
from agents.files.queries import held_by
from agents.files.services import forget_files
from agents.models import Agent
from jobs.drafts.hints import price_hint
from jobs.drafts.models import Draft
from jobs.drafts.services import MOST_DRAFTS, copy_job, start_draft
from jobs.lifecycle import Status
from jobs.models import Job, JobTemplate
from jobs.services import update_job
from marketplace.money import MICRO
from tests import factories
from tests.agents.files.uploads import kept
from tests.fixtures import api_for
from tests.jobs.drafts.steps import STEPS, begin, post_a_job, typed, write
from tests.pages import client_of, text_of
from wallets.queries import balance


def test_a_person_posts_a_job_from_a_template(poster: Agent, template: JobTemplate) -> None:
    response = post_a_job(client_of(poster), "essay", skills="writing, history", revisions="2")

    job = Job.objects.get()
    assert response["Location"] == f"/jobs/{job.pk}/"
    assert (job.status, job.poster, job.budget, job.vertical) == (Status.OPEN, poster, 12_500_000, "writing")
    assert job.input_data == {"topic": "Bridges of iron", "points": ["arches", "ropes"]}
    assert (job.rules.review_window_seconds, job.rules.revisions_allowed) == (86_400, 2)
    assert job.skills == ["writing", "history"]
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"budget": "12.1234567"}, "Must have at most six decimals."),
        ({"budget": ""}, "This field is required."),
        ({"title": ""}, "This field is required."),
        ({"deadline_at": "2001-01-01T12:00"}, "Must be in the future."),
        ({"deadline_at": "9999-12-31T23:59:59-12:00"}, "Must lie in the years 1 to 9999 in UTC."),
        ({"input-field-0": ""}, "This field is required."),
        ({"input-field-0": "no capital"}, "does not match"),
        ({"input-field-1": "short\r\nfar too long for it"}, "1: "),
        ({"input-field-2": "many"}, "Enter a whole number."),
        ({"auto_accept": "on"}, "Say when the best bid is accepted."),
        ({"bidding": "sealed_bid"}, "Say when the sealed bids are opened."),
        ({"revisions": "21"}, "Ensure this value is less than or equal to 20."),
        ({"how": "direct", "invited": ""}, "Say whom the offer is for."),
        ({"how": "direct", "invited": "nobody-at-all"}, "There is no agent with that id or handle."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    poster: Agent, template: JobTemplate, changes: dict[str, str], message: str
) -> None:
    client = client_of(poster)
    response = post_a_job(client, "essay", **changes)

    assert response.status_code == 400
    assert message in text_of(response)
    assert 'aria-invalid="true"' in response.content.decode()
    # Also whoever comes back tomorrow finds it as it was typed.
    tomorrow = client.get(response.request["PATH_INFO"]).content.decode()
    for page in (response.content.decode(), tomorrow):
        assert all(escape(line) in page for value in changes.values() for line in value.split("\r\n"))
    assert not Job.objects.exists()


def test_every_step_keeps_what_was_typed_whole_or_not(poster: Agent, template: JobTemplate) -> None:
    """While somebody types, and when they go back without having finished."""
    client = client_of(poster)
    draft = begin(client, "essay")

    saved = client.post(f"/jobs/new/{draft.pk}/work/", {"title": "Half a ti"}, headers={"HX-Request": "true"})
    assert (saved.status_code, "<html" in saved.content.decode(), text_of(saved)) == (200, False, "Saved.")
    back = write(client, draft, "money", {"budget": "a lot", "to": "who"})
    assert back["Location"] == f"/jobs/new/{draft.pk}/who/"

    assert 'value="Half a ti"' in client.get(f"/jobs/new/{draft.pk}/work/").content.decode()
    assert 'value="a lot"' in client.get(f"/jobs/new/{draft.pk}/money/").content.decode()
    check = text_of(client.get(f"/jobs/new/{draft.pk}/check/"))
    assert "Budget" in check and "Publish the job" not in check
    assert write(client, draft, "check", {}).status_code == 400
    assert not Job.objects.exists()


def test_the_last_step_says_everything_and_the_exact_sums(poster: Agent, worker: Agent) -> None:
    client = client_of(poster)
    draft = begin(client, invite=worker.handle)
    for step in STEPS:
        answers = typed(how="direct", invited=f"@{worker.handle}", budget="80", description="Be **bold**.")
        assert write(client, draft, step, answers).status_code == 302

    page = client.get(f"/jobs/new/{draft.pk}/check/")
    for said in ("You pay 80.00 USDC", "of which fee (5%) 4.00 USDC", "the worker receives 76.00 USDC"):
        assert said in text_of(page)
    for said in ("Held now 80.00 USDC", "In your wallet 1,000.00 USDC", "Offer it and hold 80.00 USDC"):
        assert said in text_of(page)
    assert "<strong>bold</strong>" in page.content.decode()
    assert balance(poster).held == 0
    said = text_of(client.post(f"/jobs/new/{draft.pk}/check/", follow=True))

    job = Job.objects.get()
    assert f"The offer is with {worker.name}." in said
    assert (job.invited, job.rules.bidding, balance(poster).held) == (worker, "direct", 80 * MICRO)


def test_an_offer_that_the_wallet_cannot_hold_stays_a_draft(worker: Agent) -> None:
    poor = factories.make_person("Poor", funds=79 * MICRO)
    refused = post_a_job(client_of(poor), how="direct", invited=worker.handle, budget="80")

    assert refused.status_code == 402
    assert "Go to your wallet" in text_of(refused)
    assert (Draft.objects.count(), Job.objects.count(), balance(poor).available) == (1, 0, 79 * MICRO)


def test_offering_to_one_agent_lets_go_of_the_rules_for_all(poster: Agent, worker: Agent) -> None:
    client = client_of(poster)
    draft = begin(client)
    write(client, draft, "who", typed(bidding="sealed_bid", bidding_window="3600", skills="law"))
    draft.refresh_from_db()
    assert draft.data["terms"] == {"bidding": "sealed_bid", "biddingWindowSeconds": 3600}
    write(client, draft, "who", typed(how="direct", invited=worker.handle, bidding="sealed_bid", skills="law"))
    draft.refresh_from_db()
    assert draft.data == {"invitedAgentId": worker.handle}
    write(client, draft, "who", typed(invited=worker.handle))
    draft.refresh_from_db()
    assert draft.data == {"terms": {"bidding": "open"}}


def test_files_wait_with_the_draft_and_go_with_the_job(poster: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(poster)
    draft = begin(client)
    files = [SimpleUploadedFile("brief.txt", b"What I want."), SimpleUploadedFile("virus.exe", b"MZ\x00\x01")]
    refused = write(client, draft, "work", typed(attachments=files))
    assert refused.status_code == 400
    assert "brief.txt" in text_of(refused)

    held = draft.attachments.get().file
    monkeypatch.setattr(files_services, "UNATTACHED_LASTS", timedelta(seconds=-1))
    assert forget_files() == 0
    answers = typed(attachments_kept=[str(held.pk)])
    for step in STEPS:
        assert write(client, draft, step, answers).status_code == 302
    assert "brief.txt" in text_of(client.get(f"/jobs/new/{draft.pk}/check/"))
    write(client, draft, "check", {})
    assert [attachment.file for attachment in Job.objects.get().attachments.all()] == [held]


@pytest.mark.parametrize("step", ["kind", "work", "who", "money", "check", "preview"])
def test_a_draft_is_its_owners_alone(poster: Agent, worker: Agent, outsider: Agent, step: str) -> None:
    draft = start_draft(actor=poster, data={"title": "Secret plan"})
    agent = factories.make_agent(poster)
    path = f"/jobs/new/{draft.pk}/{step}/"
    assert Client().post(path)["Location"] == f"/account/login/?next={path}"
    for stranger in (worker, outsider):
        assert client_of(stranger).get(path).status_code in {404, 405}
        assert client_of(stranger).post(path, typed()).status_code in {404, 405}
    assert api_for(agent).get(f"/job-drafts/{draft.pk}").status_code == 404
    draft.refresh_from_db()
    assert draft.data == {"title": "Secret plan"}


def test_reading_the_first_step_begins_nothing(poster: Agent, template: JobTemplate) -> None:
    page = text_of(client_of(poster).get("/jobs/new/?invite=quill"))
    assert "offered to quill alone" in page and "Essay" in page
    assert not Draft.objects.exists()


def test_drafts_are_listed_resumed_and_deleted(poster: Agent, template: JobTemplate) -> None:
    client = client_of(poster)
    assert "No drafts" in text_of(client.get("/jobs/drafts/"))
    draft = begin(client, "essay")
    write(client, draft, "work", typed())
    page = text_of(client.get("/jobs/drafts/"))
    assert "An essay on bridges" in page and "Got to “Who and how”" in page
    assert client.get(f"/jobs/new/{draft.pk}/")["Location"] == f"/jobs/new/{draft.pk}/who/"
    client.post(f"/jobs/drafts/{draft.pk}/delete/")
    assert not Draft.objects.exists()
    assert write(client, draft, "work", typed()).status_code == 404


def test_there_is_an_end_to_drafts(poster: Agent) -> None:
    for _ in range(MOST_DRAFTS):
        start_draft(actor=poster, data={})
    assert client_of(poster).post("/jobs/new/", {"template": "plain"}).status_code == 409
    assert Draft.objects.count() == MOST_DRAFTS


def test_another_template_keeps_what_was_written(poster: Agent, template: JobTemplate) -> None:
    client = client_of(poster)
    draft = begin(client)
    write(client, draft, "work", typed())
    write(client, draft, "kind", {"template": "essay"})
    page = client.get(f"/jobs/new/{draft.pk}/work/").content.decode()
    assert 'value="An essay on bridges"' in page and "Topic" in page
    assert write(client, draft, "kind", {"template": "no-such"}).status_code == 404


@pytest.mark.parametrize("status", [Status.OPEN, Status.COMPLETED, Status.CANCELLED])
def test_a_job_is_posted_once_more(poster: Agent, worker: Agent, outsider: Agent, status: Status) -> None:
    terms = {"bidding": "reverse_auction", "bidding_window_seconds": 7200, "review_window_seconds": 4}
    file = kept(poster)
    words = {"skills": [], "vertical": "law", "title": "Again and again", "attachments": [file.pk]}
    job = factories.job_in(status, poster, worker, terms=terms, **words)
    client = client_of(poster)
    assert client_of(outsider).post(f"/jobs/{job.pk}/duplicate/").status_code == 403
    assert "Copy “Again and again”" in text_of(client.get(f"/jobs/{job.pk}/duplicate/"))

    draft = Draft.objects.get(pk=client.post(f"/jobs/{job.pk}/duplicate/")["Location"].split("/")[3])
    for step in STEPS:
        form = client.get(f"/jobs/new/{draft.pk}/{step}/").context["form"]
        shown = {name: form[name].value() for name in form.fields}
        answers = {name: value for name, value in shown.items() if value not in (None, False)}
        answers |= {"attachments_kept": [str(file.pk)]} if "attachments" in form.fields else {}
        assert write(client, draft, step, answers).status_code == 302, step
    write(client, draft, "check", {})

    copy = Job.objects.exclude(pk=job.pk).get()
    assert copy.rules == job.rules
    for name in ("title", "description", "vertical", "budget", "skills", "input_data"):
        assert getattr(copy, name) == getattr(job, name)
    assert (copy.status, copy.worker) == (Status.OPEN, None)
    assert held_by(copy) == held_by(job) == [file]


def test_the_files_of_an_agents_job_go_along_when_its_owner_posts_it_again(poster: Agent) -> None:
    scribe = factories.make_agent(poster)
    theirs, ours = kept(scribe, "theirs.txt"), kept(poster, "ours.txt")
    job = factories.draft_job(scribe, attachments=[theirs.pk])
    update_job(job=job, actor=poster, attachments=[theirs.pk, ours.pk])
    assert held_by(copy_job(job=job, actor=poster)) == [theirs, ours]
    assert held_by(copy_job(job=job, actor=scribe)) == [theirs], "an agent gives away no file of its owner"


def test_past_jobs_hint_at_a_budget_and_offers_do_not(poster: Agent, worker: Agent) -> None:
    for price in (10, 20, 30):
        factories.completed_job(poster, worker, price=price * MICRO, vertical="Law")
    assert price_hint(vertical="writing") is None
    hint = price_hint(vertical="law")
    assert hint and (hint.count, hint.low, hint.middle, hint.high) == (3, 15 * MICRO, 20 * MICRO, 25 * MICRO)
    client = client_of(poster)
    draft = begin(client)
    write(client, draft, "work", typed(vertical="law"))
    page = text_of(client.get(f"/jobs/new/{draft.pk}/money/"))
    assert "between 15.00 USDC and 25.00 USDC ; the middle is 20.00 USDC" in page


def test_a_preview_is_safe_and_keeps_nothing(poster: Agent) -> None:
    """SURVIVE S2: Markdown is shown, and HTML in it never obeyed."""
    client = client_of(poster)
    draft = begin(client)
    text = "**Bold** <script>alert(1)</script> [x](javascript:alert(1))"
    page = client.post(f"/jobs/new/{draft.pk}/preview/", {"description": text}).content.decode()
    assert "<strong>Bold</strong>" in page
    assert "<script>" not in page and 'href="javascript' not in page
    draft.refresh_from_db()
    assert draft.data == {}
    kept = write(client, draft, "work", {"description": text, "preview": "yes"})
    assert (kept.status_code, "<strong>Bold</strong>" in kept.content.decode()) == (200, True)


@pytest.mark.parametrize(
    "path", ["/jobs/new/", "/jobs/drafts/", *(f"/jobs/new/%s/{step}/" for step in (*STEPS, "check"))]
)
def test_pages_cost_the_same_with_one_draft_and_with_three(
    poster: Agent, template: JobTemplate, path: str, django_assert_max_num_queries: Any
) -> None:
    client = client_of(poster)
    for count in (1, 3):
        for _ in range(count):
            draft = begin(client, "essay")
            JobTemplate.objects.create(slug=f"t{draft.pk}", name="More", input_schema={})
            for step in STEPS:
                write(client, draft, step, typed())
        with django_assert_max_num_queries(12) as asked:
            assert client.get(path.replace("%s", str(draft.pk))).status_code == 200
        if count == 1:
            before = len(asked.captured_queries)
    assert len(asked.captured_queries) == before


def test_a_deadline_is_read_and_shown_in_the_readers_zone(poster: Agent) -> None:
    client = client_of(poster)
    client.cookies["timezone"] = "Asia/Tokyo"
    draft = begin(client)
    noon = (datetime.now(UTC) + timedelta(days=9)).replace(hour=12, minute=0)
    write(client, draft, "money", typed(deadline_at=f"{noon:%Y-%m-%dT%H:%M}"))
    draft.refresh_from_db()
    shown = client.get(f"/jobs/new/{draft.pk}/money/").content.decode()
    assert f'value="{noon:%Y-%m-%dT%H:%M}"' in shown
    assert draft.data["deadlineAt"] == f"{noon - timedelta(hours=9):%Y-%m-%dT%H:%M}:00.000Z"


@pytest.mark.parametrize("step", ["work", "who", "money", "check"])
def test_whatever_a_program_wrote_the_steps_can_be_read(poster: Agent, step: str) -> None:
    """Nothing in a draft is checked before it is published, so that its pages show what makes no sense."""
    forever = 10**30
    terms = {"reviewWindowSeconds": forever, "biddingWindowSeconds": forever, "weights": "x", "bidding": [1]}
    data = {"title": 5, "skills": [1, {"a": []}], "terms": terms, "deadlineAt": {}, "budgetUsdc": [], "inputData": 5}
    draft = start_draft(actor=poster, data=data)
    assert client_of(poster).get(f"/jobs/new/{draft.pk}/{step}/").status_code == 200
