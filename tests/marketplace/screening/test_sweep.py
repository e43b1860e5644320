"""Everything that anybody wrote is hidden; then nobody comes across any of it, wherever they look (FEATURES M13)."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.db import connection, models
from django.db.models.functions import Now
from django.http import StreamingHttpResponse
from django.test import Client

from agents.files.models import StoredFile
from agents.inbox.models import Notification
from agents.mail.models import Letter
from agents.mail.tasks import send_letters
from agents.models import Agent
from agents.streams.queries import told_between
from agents.webhooks.models import Delivery
from agents.webhooks.services import create_endpoint, replay
from jobs.conversations.services import send_message
from jobs.reviews.services import reply_to_review
from marketplace.api.docs import openapi_document
from marketplace.api.problems import camel_case
from marketplace.events.models import Event, message_of
from marketplace.events.relay import relay_batch
from marketplace.screening.hiding import texts_of
from marketplace.screening.models import Flag, HiddenText
from marketplace.screening.services import decide
from tests.agents.files.uploads import kept
from tests.browser.catalogue import EVERYBODY, PAGES
from tests.browser.hostile import OF_PROGRAMS
from tests.browser.world import seed
from tests.factories import make_person
from tests.pages import client_of

MARK = re.compile(r"zqx\d+")
# What is matched with other words, so that it stands alone, and what only operators and its writer ever read.
NOT_MARKED = {"vertical", "skills", "proof_hash", "link"}
OF_WRITERS = {"drafts", "saved_searches", "screening", "reports", "accounts", "desk"}
# The answer to an old key, to whoever had it already, for a day.
ANSWERS = {"api"}


@pytest.fixture
def world(db: None) -> SimpleNamespace:
    """The world of the pages, and something more of what can be hidden: answers, files, deliveries."""
    world = seed()
    world.operator = make_person("Olive", is_staff=True, is_superuser=True)
    of_worker = world.completed.reviews.get(subject=world.program)
    reply_to_review(review=of_worker, actor=world.program, text="Thank you very much.")
    file = kept(world.poster, "notes.txt", b"A secret zqx0 stands here.")
    send_message(job=world.in_review, actor=world.poster, content="See there.", attachments=[file.pk])
    relay_batch()
    endpoint, _ = create_endpoint(agent=world.program, url="https://wanda.example.com/hooks", actor=world.owner)
    replay(endpoint=endpoint, actor=world.owner, since=world.open.created_at - timedelta(days=1))
    return world


def things() -> list[models.Model]:
    """All that has texts, but what operators write."""
    kinds = [model for model in apps.get_models() if hasattr(model, "screened_texts")]
    return [row for model in kinds for row in model._base_manager.all()]


def columns_of(thing: models.Model) -> list[str]:
    texts = texts_of(thing)
    return [column for column in (*texts.together, *texts.alone) if column not in NOT_MARKED]


def mark_everything() -> None:
    """Each text gets a word that stands nowhere else, and so does every copy of it that there is."""
    words: dict[str, str] = {}
    for thing in things():
        for column in columns_of(thing):
            for text in leaves(getattr(thing, column)):
                words.setdefault(text, f"{text[:60]} zqx{len(words) + 1}")
    for model in apps.get_models():
        fields = [field for field in model._meta.concrete_fields if is_text(field)]
        if fields and model._meta.app_label not in OF_WRITERS | ANSWERS and model is not Event:
            rewrite(model, fields, words)
    for event in Event.objects.all():
        data = replaced(event.data, words)
        body = json.dumps({**json.loads(bytes(event.body)), "data": data}, separators=(",", ":")).encode()
        untriggered(Event, event.pk, data=data, body=body)


def is_text(field: Any) -> bool:
    kinds = (models.CharField, models.TextField, models.JSONField)
    return isinstance(field, kinds) and not (field.primary_key or field.unique or field.choices)


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str) and len(value) > 3 and not OF_PROGRAMS.fullmatch(value):
        yield value
    elif isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from leaves(member)


def replaced(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, str):
        return words.get(value, value)
    if isinstance(value, dict):
        return {name: replaced(member, words) for name, member in value.items()}
    return [replaced(member, words) for member in value] if isinstance(value, list) else value


def rewrite(model: Any, fields: list[Any], words: dict[str, str]) -> None:
    for row in model._base_manager.values("pk", *(field.attname for field in fields)):
        was = {field.attname: row[field.attname] for field in fields}
        now = {name: replaced(value, words) for name, value in was.items()}
        if changed := {name: value for name, value in now.items() if value != was[name]}:
            untriggered(model, row["pk"], **changed)


def untriggered(model: Any, pk: Any, **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {model._meta.db_table} DISABLE TRIGGER USER")
        model._base_manager.filter(pk=pk).update(**values)
        cursor.execute(f"ALTER TABLE {model._meta.db_table} ENABLE TRIGGER USER")


def hide_everything(operator: Agent) -> None:
    for thing in things():
        facts = {"thing": thing.pk, "kind": thing._meta.label_lower, "rule": "injection", "verb": "write"}
        rows = [Flag(field=camel_case(column), excerpt="", **facts) for column in columns_of(thing)]
        Flag.objects.filter(thing=thing.pk).delete()
        Flag.objects.bulk_create(rows[1:])
        Flag.objects.filter(thing=thing.pk).update(status=Flag.Status.HIDDEN)
        rows[0].save()
        decide(flag=rows[0], actor=operator, status=Flag.Status.HIDDEN)


# Everywhere


# Of the kinds of things that are in addresses of the API, what is looked at.
IDS: dict[str, Callable[[SimpleNamespace], list[Any]]] = {
    "jobs": lambda world: [getattr(world, name).pk for name in JOBS] + [world.case.job_id, world.judged.job_id],
    "agents": lambda world: [world.program.handle, world.listed.handle],
    "allowance": lambda world: ["me"],
    "statements": lambda world: [f"{world.open.created_at:%Y-%m}"],
    "disputes": lambda world: [world.case.pk, world.mediated.pk, world.judged.pk],
    "reviews": lambda world: list(world.completed.reviews.values_list("pk", flat=True)),
    "files": lambda world: list(StoredFile.objects.values_list("pk", flat=True)),
}
JOBS = ["bidding", "open", "in_progress", "in_review", "completed", "cancelled"]
# Of one's own alone, and read by nobody else; of operators; endless; or looked at as what is sent.
LEFT_OUT = re.compile(
    "exports|job-drafts|saved-searches|signups|withdrawals/{|deposits/{|templates/{|google|stream|webhooks"
)
MOLTED = ["/molted/api/jobs", "/molted/api/history", "/molted/api/agents/me"]


def api_addresses(world: SimpleNamespace) -> Iterator[str]:
    """Every address of the API that can be read, for some of each kind of thing."""
    for path, operations in openapi_document()["paths"].items():
        if "get" not in operations or LEFT_OUT.search(path):
            continue
        kinds = re.findall(r"([\w-]+)/{\w+}", path)
        pattern = re.sub(r"{\w+}", "{}", path)
        for ids in product(*(IDS[kind](world) for kind in kinds)):
            yield pattern.format(*ids)
    yield from MOLTED
    for job in IDS["jobs"](world):
        yield from (f"/molted/api/jobs/{job}", f"/molted/api/jobs/{job}/messages", f"/molted/api/bids?job_id={job}")


def found_at(client: Client, address: str) -> set[str]:
    answer: Any = client.get(address)
    content = b"".join(answer) if isinstance(answer, StreamingHttpResponse) else answer.content
    return set(MARK.findall(content.decode(errors="replace")))


def look(world: SimpleNamespace, addresses: dict[str, list[str]]) -> dict[str, set[str]]:
    """Where each of them comes across marked words."""
    found = {}
    for who, its in addresses.items():
        client = client_of(getattr(world, who)) if who else Client()
        for address in its:
            if marks := found_at(client, address):
                found[f"{address} by {who or 'visitor'}"] = marks
    return found


def sent() -> dict[str, set[str]]:
    """What goes out by itself: streams, webhooks and mails."""
    Letter.objects.filter(status=Letter.Status.WAITING).update(due_at=Now(), leased_until=None)
    mail.outbox.clear()
    send_letters()
    everybody = list(Agent.objects.values_list("pk", flat=True))
    last = Notification.objects.latest("pk").pk
    streamed = [message_of(told.event_id, told.body) for told in told_between(everybody, 0, last, 10_000)]
    told = {
        "streams": b"".join(streamed).decode(),
        "webhooks": b"".join(delivery.event.message for delivery in Delivery.objects.all()).decode(),
        "mails": " ".join(str(letter.message()) for letter in mail.outbox),
    }
    return {name: marks for name, text in told.items() if (marks := set(MARK.findall(text)))}


def test_what_is_hidden_is_read_nowhere(world: SimpleNamespace) -> None:
    """By nobody: pages, /v1, the dialects, streams, webhooks to be sent or sent again, mails, tables, files."""
    mark_everything()
    everywhere = {
        who: [page.address(world) for page in PAGES if page.who == who and page.status == 200] + ["/wallet/ledger.csv"]
        for who in EVERYBODY
    }
    shown = look(world, {"poster": [*everywhere["poster"], "/v1/events"]})
    assert len(set().union(*shown.values())) > 30 and sent().keys() >= {"streams", "webhooks"}
    hide_everything(world.operator)
    of_api = list(api_addresses(world))
    left = look(world, everywhere) | look(world, dict.fromkeys(("", "poster", "owner"), of_api)) | sent()
    known = dict(HiddenText.objects.values_list("row", "values"))
    assert left == {}, "\n".join(f"{where}: {marks} {whose(marks, known)}" for where, marks in left.items())


def whose(marks: set[str], known: dict[Any, Any]) -> list[str]:
    return [f"{row}" for row, values in known.items() if any(mark in str(values) for mark in marks)]
