"""The outbox: event and change commit together or not at all; nothing depends on a message (SURVIVE W2, C5)."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import redis
from celery import current_app
from celery.signals import task_prerun
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from agents.models import Agent
from agents.webhooks.models import Delivery
from agents.webhooks.services import set_endpoint
from agents.webhooks.tasks import deliver_webhooks
from jobs.models import Job
from marketplace.events import relay
from marketplace.events.models import Event
from marketplace.events.relay import relay_batch
from marketplace.events.services import RELAY_TASK, emit, wake
from marketplace.events.tasks import relay_events
from tests.factories import assigned_job, make_agent, make_person, open_job
from tests.racing import race

QUEUE = "celery"


@pytest.fixture
def dead_broker() -> Iterator[None]:
    """Celery's broker is a socket that nobody listens on."""
    url = current_app.conf.broker_url
    switch_broker("redis+socket:///nonexistent/valkey.sock")
    task_prerun.send(sender=relay_events)
    yield
    switch_broker(url)


def switch_broker(url: str) -> None:
    current_app.conf.update(broker_url=url)
    current_app.close()
    vars(current_app.amqp)["_producer_pool"] = None


def waiting_messages() -> list[str]:
    """Names of the tasks in the queue, taken out of it as a worker takes them."""
    with redis.from_url(settings.REDIS_URL) as broker:
        messages, _ = broker.pipeline().lrange(QUEUE, 0, -1).delete(QUEUE).execute()
    task_prerun.send(sender=relay_events)
    return [json.loads(message)["headers"]["task"] for message in messages]


def listening(agent: Agent, url: str = "http://127.0.0.1:9/hooks") -> Agent:
    """The agent with an endpoint that hears of what happens from now on."""
    relay_batch()
    set_endpoint(agent=agent, url=url, actor=agent)
    return agent


@pytest.mark.django_db
def test_a_rollback_leaves_neither_change_nor_event(poster):
    before = Event.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        open_job(poster)
        assert Event.objects.count() == before + 1
        raise RuntimeError
    assert (Event.objects.count(), Job.objects.count()) == (before, 0)


@pytest.mark.django_db(transaction=True)
def test_change_and_event_become_visible_together():
    """Somebody who looks from outside sees both or neither."""
    poster = make_person()
    looks = []

    def look() -> tuple[int, int]:
        return Job.objects.count(), Event.objects.filter(type="job.posted").count()

    with transaction.atomic():
        open_job(poster)
        looks += race([look])
    looks += race([look])
    assert looks == [(0, 0), (1, 1)]


@pytest.mark.django_db
def test_the_frozen_body_is_what_happened(poster, worker):
    job = open_job(poster, title="Überblick – 概要 🦀")
    event = Event.objects.get(job=job)
    body = json.loads(bytes(event.body))
    assert body["id"] == str(event.uid) and body["type"] == "job.posted" and body["data"] == event.data
    assert body["data"]["jobId"] == str(job.pk) and body["data"]["title"] == job.title
    assert job.title.encode() in bytes(event.body)
    assert abs(datetime.fromisoformat(body["timestamp"]) - datetime.now(UTC)).total_seconds() < 60
    assert body["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("sql", "refusal"),
    [
        ("DELETE FROM events_event", "Cannot delete"),
        ("UPDATE events_event SET body = ''", "Cannot update"),
        ("UPDATE events_event SET data = '{}'", "Cannot update"),
        ("UPDATE events_event SET type = 'job.paid'", "Cannot update"),
        ("UPDATE events_event SET audience = '{}'", "Cannot update"),
        ("UPDATE events_event SET actor_id = NULL", "Cannot update"),
        ("UPDATE events_event SET created_at = now() - interval '1 day'", "Cannot update"),
    ],
)
@pytest.mark.django_db
def test_what_happened_cannot_be_unsaid(poster, sql, refusal):
    """J8: the audit log is as good as the table under it."""
    open_job(poster)
    with pytest.raises(DatabaseError, match=refusal), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db
def test_everybody_concerned_is_told_once(poster, worker):
    agent = make_agent()
    event = emit("test.told", actor=poster, audience=[agent, worker, agent, None], data={})
    assert event.audience == [agent.pk, worker.pk]


@pytest.mark.django_db
def test_events_of_a_job_are_in_the_order_in_which_they_happened(poster, worker):
    job = assigned_job(poster, worker)
    events = list(Event.objects.filter(job=job).order_by("id"))
    assert [event.type for event in events] == ["job.posted", "bid.received", "job.assigned", "bid.accepted"]
    assert [event.uid for event in events] == sorted(event.uid for event in events)


@pytest.mark.django_db
def test_an_event_is_relayed_once(poster, worker):
    listening(worker)
    assigned_job(poster, worker)
    assert relay_batch() == Event.objects.filter(job__isnull=False).count() + 1
    assert relay_batch() == 0
    told = Delivery.objects.values_list("event__type", flat=True).order_by("event_id")
    assert list(told) == ["job.assigned", "bid.accepted"]


@pytest.mark.django_db(transaction=True)
def test_many_relays_make_each_delivery_once(monkeypatch):
    poster, worker = make_person(), listening(make_agent())
    with transaction.atomic():
        for number in range(200):
            emit("test.many", actor=poster, audience=[worker], data={"number": number})
    monkeypatch.setattr(relay, "BATCH", 20)
    outcomes = race([relay_batch] * 8)
    while relay_batch():
        pass
    assert all(isinstance(outcome, int) for outcome in outcomes), outcomes
    assert Delivery.objects.count() == 200
    assert not Event.objects.filter(relayed_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_commit_wakes_the_relay_and_a_rollback_does_not():
    poster = make_person()
    waiting_messages()
    with transaction.atomic():
        open_job(poster)
        assert waiting_messages() == []
    assert waiting_messages() == [RELAY_TASK]
    with pytest.raises(RuntimeError), transaction.atomic():
        open_job(poster)
        raise RuntimeError
    assert waiting_messages() == []


@pytest.mark.django_db(transaction=True)
def test_many_commits_wake_the_relay_once_until_it_begins():
    poster = make_person()
    waiting_messages()
    for _ in range(5):
        open_job(poster)
    assert waiting_messages() == [RELAY_TASK]
    open_job(poster)
    assert waiting_messages() == [RELAY_TASK], "it had begun, and may not have seen this one"


@pytest.mark.django_db(transaction=True)
def test_work_goes_on_without_a_broker_and_the_sweep_delivers_later(dead_broker, receiver):
    """W2"""
    poster, worker = make_person(), listening(make_agent(), receiver.url)
    started = time.monotonic()
    for number in range(5):
        emit("test.kept", actor=poster, audience=[worker], data={"number": number})
    assert time.monotonic() - started < 5
    assert relay_events() >= 5
    assert deliver_webhooks() == 5
    kept = Event.objects.filter(type="test.kept").values_list("uid", flat=True)
    assert sorted(receiver.ids) == sorted(str(uid) for uid in kept)


def test_the_broker_is_dead_when_a_test_says_so(dead_broker, caplog):
    """Negative control of the test above."""
    wake(RELAY_TASK)
    assert "task_not_woken" in caplog.text


def test_the_broker_is_alive_otherwise():
    waiting_messages()
    wake(RELAY_TASK)
    assert waiting_messages() == [RELAY_TASK]
