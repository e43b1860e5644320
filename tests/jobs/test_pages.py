"""Jobs on the pages: found, posted, followed and decided by people."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils.html import escape

from agents.models import Agent
from jobs.lifecycle import Status
from jobs.models import JobTemplate
from jobs.services import report_progress
from marketplace.money import MICRO
from tests import factories
from tests.pages import client_of, text_of

ACTIONS = ["publish", "update", "start", "progress", "submit", "approve", "reject", "cancel"]
INPUT_SCHEMA = {
    "type": "object",
    "properties": {
        "topic": {"type": "string", "title": "Topic", "pattern": "^[A-Z]"},
        "points": {"type": "array", "title": "Points", "items": {"type": "string", "maxLength": 10}},
        "words": {"type": "integer", "title": "Words"},
    },
    "required": ["topic", "points"],
}
OUTPUT_SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string", "title": "Text", "pattern": "[.]$"}},
    "required": ["text"],
}
INPUT_DATA = {"topic": "Bridges of iron", "points": ["arches", "ropes"]}


@pytest.fixture
def template(db: None) -> JobTemplate:
    return JobTemplate.objects.create(
        slug="essay", name="Essay", vertical="writing", input_schema=INPUT_SCHEMA, output_schema=OUTPUT_SCHEMA
    )


def typed(**changes: str) -> dict[str, str]:
    """What a person types to change a job about an essay."""
    return {
        "title": "An essay on bridges",
        "description": "For a school paper.",
        "budget": "12.50",
        "deadline_at": f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT%H:%M}",
        "input-field-0": "Bridges of iron",
        "input-field-1": "arches\r\nropes",
        **changes,
    }


def test_visitors_find_open_jobs_and_no_drafts(client: Client, poster: Agent) -> None:
    factories.open_job(poster, title="Paint the gate")
    factories.draft_job(poster, title="Secret plan")

    page = text_of(client.get("/jobs/?status=all"))

    assert "Paint the gate" in page
    assert "Secret plan" not in page


def test_the_list_is_narrowed_by_words_status_and_category(client: Client, poster: Agent, worker: Agent) -> None:
    factories.open_job(poster, title="Translate a leaflet", vertical="translation")
    factories.open_job(poster, title="Proofread a leaflet", vertical="writing")
    factories.cancelled_job(poster, title="Translate a song", vertical="translation")

    by_all = text_of(client.get("/jobs/?q=leaflets&status=open&vertical=Translation"))

    assert "Translate a leaflet" in by_all
    assert "Proofread" not in by_all
    assert "song" not in by_all
    assert "Translate a song" in text_of(client.get("/jobs/?q=song&status=cancelled"))
    assert "Translate a leaflet" in text_of(client.get("/jobs/?q=a trans"))
    for odd in ("'", "a & | !", ":*", "the", '"a" -b or', "_", "\x00", "q" * 200):
        assert client.get("/jobs/", {"q": odd}).status_code < 500
    assert "Nothing matches" in text_of(client.get("/jobs/?q=zebra"))


def test_a_search_ranks_goes_on_and_puts_words_right(client: Client, poster: Agent, worker: Agent) -> None:
    """FEATURES J6: the page finds what the API finds."""
    factories.open_job(poster, title="Translate a contract", description="From German.")
    for number in range(20):
        factories.open_job(poster, title=f"Errand {number}", description="Nobody needs to translate here.")
    factories.draft_job(poster, title="Translate a secret")

    first = client.get("/jobs/?q=tranlsate&status=all")
    second = client.get("/jobs/", {"q": "tranlsate", "status": "all", "cursor": first.context["page"].next_cursor})

    titles = [job.title for page in (first, second) for job in page.context["page"].rows]
    assert titles == ["Translate a contract", *(f"Errand {number}" for number in reversed(range(20)))]
    assert second.context["page"].next_cursor is None
    for page in (first, second):
        assert "Showing results for translate" in text_of(page)
    assert "Showing results for" not in text_of(client.get("/jobs/?q=translate"))
    assert client.get("/jobs/?q=translate&cursor=nonsense").status_code == 400
    own = client_of(poster).get("/jobs/?q=translate&role=poster&vertical=")
    assert "Translate a secret" in text_of(own)
    assert "Translate" not in text_of(client_of(worker).get("/jobs/?q=translate&role=poster"))


def test_typing_into_the_search_fetches_only_the_results(client: Client, poster: Agent) -> None:
    factories.open_job(poster, title="Paint the gate")

    answer = client.get("/jobs/?q=gate", headers={"HX-Request": "true"})

    fragment = answer.content.decode()
    assert "Paint the gate" in fragment
    assert "<html" not in fragment
    # The browser must not show it for the page when somebody goes back.
    assert (answer["Cache-Control"], "HX-Request" in answer["Vary"]) == ("no-store", True)


def test_the_list_goes_on_where_the_page_ended(client: Client, poster: Agent) -> None:
    for number in range(21):
        factories.open_job(poster, title=f"Job number {number:02}")

    first = client.get("/jobs/")
    second = client.get(f"/jobs/?cursor={first.context['page'].next_cursor}")

    titles = [job.title for page in (first, second) for job in page.context["page"].rows]
    assert titles == [f"Job number {number:02}" for number in reversed(range(21))]
    assert second.context["page"].next_cursor is None
    assert client.get("/jobs/?cursor=nonsense").status_code == 400


def test_a_draft_is_seen_by_its_poster_alone(poster: Agent, worker: Agent) -> None:
    job = factories.draft_job(poster)

    assert client_of(poster).get(f"/jobs/{job.pk}/").status_code == 200
    for stranger in (Client(), client_of(worker)):
        assert stranger.get(f"/jobs/{job.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"budget": "12.1234567"}, "Must have at most six decimals."),
        ({"title": ""}, "This field is required."),
        ({"deadline_at": "2001-01-01T12:00"}, "Must be in the future."),
        ({"input-field-0": ""}, "This field is required."),
        ({"input-field-0": "no capital"}, "does not match"),
        ({"input-field-1": "short\r\nfar too long for it"}, "1: "),
    ],
)
def test_a_change_that_is_refused_says_why_and_loses_nothing(
    poster: Agent, template: JobTemplate, changes: dict[str, str], message: str
) -> None:
    job = factories.open_job(poster, template=template, input_data=INPUT_DATA)
    response = client_of(poster).post(f"/jobs/{job.pk}/update/", typed(**changes))

    name = next(iter(changes))
    form = response.context["input_form" if name.startswith("input-") else "form"]
    field = form[name.removeprefix("input-")]
    assert response.status_code == 400
    assert any(message in error for error in field.errors), field.errors
    page = response.content.decode()
    assert all(escape(value) in page for value in "\n".join(typed(**changes).values()).split())
    job.refresh_from_db()
    assert job.title == "Summarise a report"


def test_a_poster_changes_an_open_job(poster: Agent, template: JobTemplate) -> None:
    client = client_of(poster)
    job = factories.open_job(poster, template=template, input_data=INPUT_DATA)

    assert 'value="Bridges of iron"' in client.get(f"/jobs/{job.pk}/update/").content.decode()
    client.post(f"/jobs/{job.pk}/update/", typed(**{"title": "An essay on tunnels", "input-field-0": "Tunnels"}))

    job.refresh_from_db()
    assert (job.title, job.input_data["topic"]) == ("An essay on tunnels", "Tunnels")


def test_a_deadline_with_an_offset_is_kept_in_utc_and_one_past_the_calendar_is_refused(poster: Agent) -> None:
    job = factories.open_job(poster)
    client = client_of(poster)
    changes = {"title": job.title, "description": job.description, "budget": "100"}
    noon = (datetime.now(UTC) + timedelta(days=30)).replace(hour=12, minute=0, second=0, microsecond=0)

    client.post(f"/jobs/{job.pk}/update/", changes | {"deadline_at": f"{noon:%Y-%m-%dT%H:%M}+02:00"})
    refused = client.post(f"/jobs/{job.pk}/update/", changes | {"deadline_at": "9999-12-31T23:59:59-12:00"})

    assert refused.status_code == 400
    assert refused.context["form"]["deadline_at"].errors
    job.refresh_from_db()
    assert job.deadline_at == noon - timedelta(hours=2)
    assert client.get("/jobs/").status_code == 200


@pytest.mark.parametrize("verb", ACTIONS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_only_the_parties_act_on_a_job(poster: Agent, worker: Agent, outsider: Agent, verb: str, method: str) -> None:
    job = factories.submitted_job(poster, worker)
    path = f"/jobs/{job.pk}/{verb}/"

    visitor = getattr(Client(), method)(path)
    stranger = getattr(client_of(outsider), method)(path)

    assert (visitor.status_code, visitor["Location"]) == (302, f"/account/login/?next={path}")
    assert stranger.status_code == 403
    job.refresh_from_db()
    assert job.status == Status.IN_REVIEW


def test_approving_says_the_exact_sums_and_pays(poster: Agent, worker: Agent) -> None:
    job = factories.submitted_job(poster, worker, price=80 * MICRO)
    client = client_of(poster)

    question = text_of(client.get(f"/jobs/{job.pk}/approve/"))
    assert "Released from escrow 80.00 USDC" in question
    assert "Fee (5%) 4.00 USDC" in question
    assert "Wanda receives 76.00 USDC" in question

    answer = text_of(client.post(f"/jobs/{job.pk}/approve/", follow=True))
    assert "Approved: the worker has been paid." in answer
    assert "76.00 USDC of the 80.00 USDC went to Wanda." in answer
    assert client.post(f"/jobs/{job.pk}/approve/").status_code == 409


def test_the_owner_does_the_work_of_an_agent_by_hand(poster: Agent, worker: Agent, template: JobTemplate) -> None:
    input_data = {"topic": "Bridges of iron", "points": []}
    job = factories.assigned_job(poster, worker, template=template, input_data=input_data)
    client = client_of(worker)

    client.post(f"/jobs/{job.pk}/start/")
    client.post(f"/jobs/{job.pk}/progress/", {"percent": "40", "note": "Half of it."})
    refused = client.post(f"/jobs/{job.pk}/submit/", {"output-field-0": "No full stop"})
    assert refused.status_code == 400
    assert "does not match" in refused.context["form"]["field-0"].errors[0]
    assert "No full stop" in refused.content.decode()
    client.post(f"/jobs/{job.pk}/submit/", {"output-field-0": "It ends."})

    job.refresh_from_db()
    assert job.status == Status.IN_REVIEW
    assert job.submissions.get().output_data == {"text": "It ends."}


@pytest.mark.parametrize("written", ["", "[]", "{]", '{"a": NaN}', '{"a": 1e999}', '{"a": "\\u0000"}', "[" * 5000])
def test_work_without_a_schema_is_a_json_object_or_is_refused(poster: Agent, worker: Agent, written: str) -> None:
    job = factories.started_job(poster, worker)

    response = client_of(worker).post(f"/jobs/{job.pk}/submit/", {"output-json": written})

    assert response.status_code == 400
    assert response.context["form"].errors
    assert not job.submissions.exists()


def test_work_goes_back_with_a_reason_and_never_without(poster: Agent, worker: Agent) -> None:
    job = factories.submitted_job(poster, worker)
    client = client_of(poster)

    refused = client.post(f"/jobs/{job.pk}/reject/", {"category": "Incomplete Work", "reason": " "})
    assert refused.status_code == 400
    assert '<option value="Incomplete Work" selected>' in refused.content.decode()
    client.post(f"/jobs/{job.pk}/reject/", {"category": "Incomplete Work", "reason": "The end is missing."})

    job.refresh_from_db()
    assert job.status == Status.IN_PROGRESS
    assert "The end is missing." in text_of(client_of(worker).get(f"/jobs/{job.pk}/"))
    assert "The end is missing." not in text_of(Client().get(f"/jobs/{job.pk}/"))


def test_what_others_wrote_is_shown_and_never_run(poster: Agent, worker: Agent) -> None:
    hostile = "<script>alert(1)</script>"
    job = factories.started_job(poster, worker, title=hostile, description=f"{hostile} javascript:alert(1)")
    report_progress(job=job, actor=worker, percent=10, note=hostile)
    client_of(worker).post(f"/jobs/{job.pk}/submit/", {"output-json": f'{{"{hostile}": "{hostile}"}}'})

    page = client_of(poster).get(f"/jobs/{job.pk}/").content.decode()

    assert page.count("&lt;script&gt;alert(1)") >= 6
    assert hostile not in page
    assert 'href="javascript' not in page


def test_a_job_in_the_wrong_status_says_so_and_stays(poster: Agent, worker: Agent) -> None:
    job = factories.started_job(poster, worker)

    response = client_of(poster).post(f"/jobs/{job.pk}/cancel/", {"reason": "Changed my mind."})

    assert response.status_code == 409
    assert "IN_PROGRESS" in text_of(response)
    job.refresh_from_db()
    assert job.status == Status.IN_PROGRESS


@pytest.mark.parametrize("count", [1, 3])
def test_a_job_costs_the_same_with_one_bid_and_with_three(poster: Agent, count: int, django_assert_num_queries) -> None:
    job = factories.open_job(poster)
    for _ in range(count):
        factories.make_bid(job, factories.make_agent())
    client = client_of(poster)
    with django_assert_num_queries(10):
        assert client.get(f"/jobs/{job.pk}/").status_code == 200
