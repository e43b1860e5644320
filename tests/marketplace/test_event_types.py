"""Every event has a type, every type a schema, a sentence and a place (FEATURES F12).

That the events of the whole suite are what their types say is proven by the oracle after every test.
"""

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
from django.conf import settings
from django.db import transaction
from django.urls import resolve

from disputes.services import resolve_dispute
from jobs.lifecycle import Status
from marketplace.api.docs import openapi_document
from marketplace.api.schema import schema_of
from marketplace.events import types
from marketplace.events.models import Event
from marketplace.events.services import describe, emit
from tests import factories
from tests.event_types import OF_TESTS
from tests.oracle import assert_books_sound

OURS = [type for type in types.all_types() if type not in OF_TESTS]
# Those that the order of work for events names.
PROMISED = [
    "job.posted",
    "job.new_match",
    "job.updated",
    "job.assigned",
    "job.started",
    "job.progress",
    "job.submitted",
    "job.revision_requested",
    "job.approved",
    "job.paid",
    "job.completed",
    "job.cancelled",
    "job.expired",
    "job.heartbeat_missed",
    "bid.received",
    "bid.outbid",
    "bid.accepted",
    "bid.rejected",
    "bid.withdrawn",
    "dispute.opened",
    "dispute.responded",
    "dispute.escalated",
    "dispute.resolved",
    "message.received",
    "review.received",
    "wallet.deposited",
    "wallet.withdrawn",
    "agent.claimed",
]
ROOT = Path(settings.BASE_DIR)
CODE = [
    path
    for app in ("agents", "bids", "disputes", "jobs", "marketplace", "wallets")
    for path in (ROOT / app).rglob("*.py")
    if path.name != "events.py" and "mail" not in path.parts
]


def test_what_was_promised_is_listed():
    assert set(PROMISED) <= set(types.names())


def test_what_no_code_sends_is_called_upcoming_and_nothing_else():
    code = "\n".join(path.read_text() for path in CODE)
    unsent = {type.name for type in OURS if not re.search(rf'"{re.escape(type.name)}"', code)}
    assert {type.name for type in OURS if type.upcoming} == unsent


def test_an_event_of_no_type_is_a_mistake_of_ours():
    with pytest.raises(LookupError, match=r"job\.invented"):
        describe("job.invented", actor=None, data={})


FACTS = {"agentId": "wanda", "name": "Wanda", "status": "ACTIVE"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({**FACTS, "shoeSize": 43}, "shoeSize"),
        ({"agentId": "wanda", "name": "Wanda"}, "status"),
        ({**FACTS, "name": 7}, "data/name"),
        ({**FACTS, "status": "ASLEEP"}, "data/status"),
    ],
)
def test_the_oracle_refuses_what_a_type_does_not_say(data, named):
    """A member too many, one too few, and values of another kind."""
    assert_books_sound()
    with pytest.raises(AssertionError, match=named), transaction.atomic():
        emit("agent.created", actor=None, data=data)
        assert_books_sound()


@pytest.mark.parametrize(
    ("text", "is_one"), [("2026-01-31T12:00:00.000Z", True), ("31 January", False), ("", False), (None, False)]
)
def test_the_schema_of_a_time_refuses_what_is_none(text, is_one):
    """The formats count, or any text would pass for a time."""
    schema = schema_of(types.find("job.new_match").data)["properties"]["deadlineAt"]
    assert jsonschema_rs.is_valid(schema, text, validate_formats=True) is is_one


@pytest.mark.django_db
def test_every_kind_of_event_has_its_sentence_and_its_place(poster, worker):
    """No braces, no gaps, and a page of this site, for every event of a job's whole way."""
    factories.completed_job(poster, worker)
    factories.cancelled_job(poster)
    factories.disputed_job(poster, worker)
    for event in Event.objects.all():
        line = types.sentence(event)
        assert line and not re.search(r"[{}]|“”|  |None", line), line
        assert resolve(types.path(event).partition("?")[0])


@pytest.mark.django_db
def test_sentences_name_people_jobs_and_amounts(poster, worker):
    job = factories.completed_job(poster, worker)
    lines = [types.sentence(event) for event in job.events.order_by("id")]
    assert lines == [
        "Paula posted “Summarise a report”",
        "Wanda bid 80.00 USDC on “Summarise a report”",
        "Wanda got “Summarise a report” at 80.00 USDC",
        "Paula accepted the bid of 80.00 USDC on “Summarise a report”",
        "Wanda began work on “Summarise a report”",
        "Wanda handed in work for “Summarise a report”",
        "Paula approved the work on “Summarise a report”",
        "76.00 USDC was paid for “Summarise a report”",
        "“Summarise a report” is completed",
    ]


@pytest.mark.django_db
def test_what_people_write_is_no_template(poster, worker):
    """A title with braces is shown as it is, and reads nothing."""
    job = factories.open_job(poster, title="{actor.user.password} {0} %s")
    assert types.sentence(job.events.get()) == "Paula posted “{actor.user.password} {0} %s”"


@pytest.mark.django_db
def test_an_older_process_shows_what_it_has_never_heard_of(poster):
    event = Event(type="job.newer_than_this", actor=poster, data={})
    assert (types.sentence(event), types.path(event)) == ("Job newer than this", "/")


@pytest.mark.django_db
def test_a_ruling_ends_the_job_like_any_other_end(poster, worker):
    """Whoever waits for the end of a job hears job.completed, job.cancelled or job.expired, whatever led there."""
    operator = factories.make_person("Olga", is_staff=True)
    ends = []
    for to_poster in (0, factories.PRICE):
        dispute = factories.disputed_job(poster, worker).disputes.get()
        job = resolve_dispute(dispute=dispute, actor=operator, to_poster=to_poster, note="As agreed.").job
        ends.append(list(job.events.order_by("id").values_list("type", flat=True))[-2:])
        assert Status(job.status) == job.events.latest("id").data["status"]
    assert ends == [["dispute.resolved", "job.completed"], ["dispute.resolved", "job.cancelled"]]


def test_the_document_lists_every_type_with_its_message_and_headers():
    webhooks = openapi_document()["webhooks"]
    assert set(webhooks) == set(types.names())
    for type in types.all_types():
        operation = webhooks[type.name]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        jsonschema_rs.meta.validate(schema)
        assert schema["properties"]["type"] == {"const": type.name}
        assert set(schema["required"]) == {"id", "type", "timestamp", "data", "sequence"}
        assert schema["properties"]["data"] == schema_of(type.data)
        sent = [parameter["name"] for parameter in operation["parameters"] if parameter["required"]]
        assert sent == ["webhook-id", "webhook-timestamp", "webhook-signature"]
        assert "2XX" in operation["responses"]
        assert ("Not sent yet" in operation["description"]) is type.upcoming


def test_the_schemas_are_whole():
    """No reference leads out of a schema: receivers may use it alone."""
    for type in types.all_types():
        assert "$ref" not in json.dumps(schema_of(type.data))
