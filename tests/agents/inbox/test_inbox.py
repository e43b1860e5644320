"""What each agent is told: once, in order, and read when it was seen (FEATURES F12, SURVIVE W1)."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from agents.inbox import services
from agents.inbox.models import Notification
from agents.inbox.queries import unread_count
from agents.inbox.tasks import forget_notifications
from agents.models import Agent
from marketplace.errors import NotAllowed
from marketplace.events.models import Event
from marketplace.events.relay import relay_batch
from marketplace.events.services import emit
from tests import factories
from tests.racing import race, winners

RELAYS = 8
MANY = 60


def told(agent: Agent) -> list[str]:
    """The types of what is in the inbox, oldest first."""
    return list(agent.notifications.order_by("id").values_list("event__type", flat=True))


def filled(agent: Agent, count: int, **about) -> list[Notification]:
    """The inbox with that much more that others did."""
    for number in range(count):
        emit("test.many", actor=None, audience=[agent], data={"number": number}, **about)
    relay_batch()
    return list(agent.notifications.order_by("-id")[:count])[::-1]


@pytest.mark.django_db(transaction=True)
def test_each_event_arrives_once_however_many_relay_it():
    agents = [factories.make_agent() for _ in range(3)]
    for number in range(MANY):
        emit("test.many", actor=None, audience=agents, data={"number": number})
    relayed = winners(race([relay_batch] * RELAYS))
    assert len(relayed) == RELAYS and sum(relayed) == Event.objects.count()
    for agent in agents:
        numbers = agent.notifications.filter(event__type="test.many").order_by("id")
        assert [one.event.data["number"] for one in numbers] == list(range(MANY))


@pytest.mark.django_db
def test_nobody_is_told_twice_by_a_relay_that_runs_again(worker):
    """C4: what crashed after writing and before noting it is done again, and changes nothing."""
    [once] = filled(worker, 1)
    assert services.fan_out([once.event_id]) == 0
    assert told(worker).count("test.many") == 1


@pytest.mark.django_db
def test_a_job_is_told_in_the_order_in_which_it_happened(poster, worker):
    factories.completed_job(poster, worker)
    relay_batch()
    assert told(worker)[-7:] == [
        *("job.assigned", "bid.accepted", "job.started", "job.submitted", "job.approved", "job.paid", "job.completed")
    ]
    sequences = list(worker.notifications.order_by("id").values_list("event_id", flat=True))
    assert sequences == sorted(sequences)


@pytest.mark.django_db
def test_what_an_agent_did_itself_is_read_at_once(poster, worker):
    job = factories.assigned_job(poster, worker)
    relay_batch()
    read_at = dict(job.events.get(type="job.assigned").notifications.values_list("agent_id", "read_at"))
    assert read_at[poster.pk] is not None and read_at[worker.pk] is None


@pytest.mark.django_db
def test_the_count_of_unread_goes_no_further_than_asked(worker):
    relay_batch()
    before = unread_count(worker)
    filled(worker, 5)
    assert unread_count(worker) == before + 5
    assert unread_count(worker, most=3) == 3


@pytest.mark.django_db
def test_the_first_look_counts(worker):
    [one] = filled(worker, 1)
    first = services.mark_read(notification=one, actor=worker).read_at
    assert first is not None
    assert services.mark_read(notification=one, actor=worker).read_at == first


@pytest.mark.django_db
def test_marking_all_leaves_what_came_in_meanwhile(worker):
    relay_batch()
    services.mark_all_read(agent=worker, actor=worker)
    _, second, third = filled(worker, 3)
    assert services.mark_all_read(agent=worker, actor=worker, up_to=second.pk) == 2
    third.refresh_from_db()
    assert (unread_count(worker), third.read_at) == (1, None)
    assert services.mark_all_read(agent=worker, actor=worker) == 1
    assert unread_count(worker) == 0


@pytest.mark.django_db
def test_nobody_else_reads_or_marks(worker, outsider):
    """S1"""
    [one] = filled(worker, 1)
    with pytest.raises(NotAllowed):
        services.mark_read(notification=one, actor=outsider)
    with pytest.raises(NotAllowed):
        services.mark_all_read(agent=worker, actor=outsider)
    assert services.mark_read(notification=one, actor=worker.owner.agent).read_at is not None


@pytest.mark.django_db
def test_a_suspended_person_may_still_read(poster):
    [one] = filled(poster, 1)
    poster.status = Agent.Status.SUSPENDED
    assert services.mark_read(notification=one, actor=poster).read_at is not None


@pytest.mark.django_db
def test_the_old_is_forgotten_in_batches_and_its_events_stay(worker, monkeypatch):
    """What was read goes after NOTIFICATION_DAYS, what nobody read after four times that; nothing younger goes."""
    monkeypatch.setattr(services, "FORGET_BATCH", 2)
    days = settings.NOTIFICATION_DAYS
    ages = [(days - 1, True), (days + 1, True), (days + 1, False), (days * 4 + 1, False), (days * 4 + 1, True)]
    rows = filled(worker, len(ages))
    events = Event.objects.count()
    for one, (age, is_read) in zip(rows, ages, strict=True):
        Notification.objects.filter(pk=one.pk).update(
            created_at=Now() - timedelta(days=age), read_at=Now() if is_read else None
        )
    assert forget_notifications() == 3
    kept = set(Notification.objects.values_list("pk", flat=True))
    assert [one.pk in kept for one in rows] == [True, False, True, False, False]
    assert Event.objects.count() == events
    assert forget_notifications() == 0


@pytest.mark.django_db
def test_the_count_and_the_list_are_answered_by_an_index(worker):
    """The badge is on every page."""
    filled(worker, 3)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT 1 FROM inbox_notification WHERE agent_id = %s AND read_at IS NULL", [worker.pk])
        assert "notification_unread" in str(cursor.fetchall())
        cursor.execute(
            "EXPLAIN SELECT * FROM inbox_notification WHERE agent_id = %s ORDER BY id DESC LIMIT 21", [worker.pk]
        )
        assert "notification_of_agent" in str(cursor.fetchall())
