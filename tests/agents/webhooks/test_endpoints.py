"""Several endpoints of one agent: their secrets, pauses and health, and sending again (SURVIVE W5, W9)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from agents.models import Agent
from agents.webhooks import delivery as deliveries
from agents.webhooks.attempts import Outcome
from agents.webhooks.egress import Answer
from agents.webhooks.models import Attempt, Delivery, Endpoint
from agents.webhooks.services import (
    create_endpoint,
    delete_endpoint,
    pause_endpoint,
    replay,
    resend,
    resend_failed,
    resume_endpoint,
    rotate_secret,
    send_test,
    update_endpoint,
)
from agents.webhooks.tasks import deliver_webhooks, forget_deliveries
from marketplace.errors import Invalid, MarketError, NotAllowed
from marketplace.events.models import Event
from marketplace.events.relay import relay_batch
from marketplace.events.services import emit
from tests.factories import make_agent, make_person
from tests.racing import race
from tests.receiver import Received, answer
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db

NOWHERE = "http://127.0.0.1:9/hooks"


@pytest.fixture
def owner(db: None) -> Agent:
    return make_person("Olga")


@pytest.fixture
def agent(owner: Agent) -> Agent:
    """An agent of whose making nobody is told any more."""
    agent = make_agent(owner, name="Lena")
    relay_batch()
    return agent


def tell(agent: Agent, type: str = "test.told") -> Event:
    return emit(type, actor=None, audience=[agent], data={})


def send_all() -> None:
    while relay_batch():
        pass
    deliver_webhooks()


def verifies(secret: str, request: Received) -> bool:
    """Our own verifier, by the specification alone: one of the signatures is right, and the time is about now."""
    signed = f"{request.id}.{request.headers['webhook-timestamp']}.".encode() + request.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    right = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    fresh = abs(timezone.now().timestamp() - int(request.headers["webhook-timestamp"])) < 300
    return fresh and right in request.headers["webhook-signature"].split(" ")


def test_each_endpoint_has_its_own_secret_and_types(agent, receiver, other_receiver):
    _, secret = create_endpoint(agent=agent, url=receiver.url, actor=agent, name="all")
    _, other = create_endpoint(agent=agent, url=other_receiver.url, actor=agent, types=["test.wanted"])
    tell(agent, "test.wanted")
    tell(agent, "test.other")
    send_all()
    assert len(receiver.requests) == 2
    [wanted] = other_receiver.requests
    assert secret != other and verifies(other, wanted) and not verifies(secret, wanted)
    assert Webhook(other).verify(wanted.body, wanted.headers)["type"] == "test.wanted"


def test_what_is_not_possible_is_refused_by_name(agent, settings):
    settings.MOST_WEBHOOK_ENDPOINTS = 2
    create_endpoint(agent=agent, url=NOWHERE, actor=agent)
    for field, wrong in [
        ("url", {"url": NOWHERE}),
        ("types", {"types": ["no.such"]}),
        ("secret", {"secret": "whsec_eA=="}),
    ]:
        with pytest.raises(Invalid) as refusal:
            create_endpoint(**{"agent": agent, "url": NOWHERE + "/b", "actor": agent, **wrong})
        assert [error.field for error in refusal.value.errors] == [field]
    create_endpoint(agent=agent, url=NOWHERE + "/b", actor=agent)
    with pytest.raises(MarketError, match="at most 2"):
        create_endpoint(agent=agent, url=NOWHERE + "/c", actor=agent)
    with pytest.raises(NotAllowed):
        update_endpoint(endpoint=agent.webhook_endpoints.first(), actor=make_person(), name="mine")


def test_both_secrets_sign_while_one_replaces_the_other(agent, owner, receiver):
    """W5"""
    endpoint, old = create_endpoint(agent=agent, url=receiver.url, actor=agent)
    new = rotate_secret(endpoint=endpoint, actor=owner, overlap_seconds=3600)
    tell(agent)
    send_all()
    Endpoint.objects.update(previous_secret_until=Now() - timedelta(seconds=1))
    tell(agent)
    send_all()
    during, after = receiver.requests
    assert len(during.headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        assert verifies(secret, during) and Webhook(secret).verify(during.body, during.headers)
    assert verifies(new, after) and not verifies(old, after)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(after.body, after.headers)


def test_a_secret_that_others_know_ends_at_once(agent, receiver):
    endpoint, old = create_endpoint(agent=agent, url=receiver.url, actor=agent)
    rotate_secret(endpoint=endpoint, actor=agent, overlap_seconds=0)
    tell(agent)
    send_all()
    assert not verifies(old, receiver.requests[0])


def test_what_happens_during_a_pause_is_sent_afterwards(agent, receiver):
    endpoint, _ = create_endpoint(agent=agent, url=receiver.url, actor=agent)
    pause_endpoint(endpoint=endpoint, actor=agent)
    told = tell(agent)
    send_all()
    assert receiver.requests == []
    resume_endpoint(endpoint=endpoint, actor=agent)
    send_all()
    assert receiver.ids == [str(told.uid)]


def test_a_test_goes_to_one_endpoint_alone(agent, receiver, other_receiver):
    endpoint, _ = create_endpoint(agent=agent, url=receiver.url, actor=agent, types=["test.wanted"])
    create_endpoint(agent=agent, url=other_receiver.url, actor=agent)
    sent = send_test(endpoint=endpoint, actor=agent)
    send_all()
    assert receiver.ids == [str(sent.event.uid)]
    assert json.loads(receiver.requests[0].body)["type"] == "webhook.test"
    assert other_receiver.requests == [] and not agent.notifications.filter(event=sent.event).exists()
    pause_endpoint(endpoint=endpoint, actor=agent)
    with pytest.raises(MarketError, match="paused; resume it first"):
        send_test(endpoint=endpoint, actor=agent)


def test_a_delivery_is_sent_again_with_the_same_id_and_bytes(agent, receiver):
    """W9: receivers know it by its id; the log keeps every attempt."""
    create_endpoint(agent=agent, url=receiver.url, actor=agent)
    tell(agent)
    send_all()
    resend(delivery=Delivery.objects.get(), actor=agent)
    send_all()
    first, second = receiver.requests
    assert (first.id, first.body) == (second.id, second.body)
    assert Delivery.objects.get().attempts == 1
    assert list(Attempt.objects.values_list("number", flat=True)) == [1, 2]


def test_those_given_up_since_a_moment_are_sent_again(agent, receiver):
    """W9: a range"""
    endpoint, _ = create_endpoint(agent=agent, url=receiver.url, actor=agent)
    for _ in range(3):
        tell(agent)
    relay_batch()
    Delivery.objects.update(status="FAILED", attempts=11)
    old = Delivery.objects.order_by("id").first()
    Delivery.objects.filter(pk=old.pk).update(created_at=Now() - timedelta(days=2))
    assert resend_failed(endpoint=endpoint, actor=agent, since=timezone.now() - timedelta(days=1)) == 2
    send_all()
    assert len(receiver.requests) == 2 and str(old.event.uid) not in receiver.ids


def test_what_was_missed_altogether_is_replayed_once(agent, receiver):
    """W9"""
    missed = [tell(agent), tell(agent)]
    relay_batch()
    endpoint, _ = create_endpoint(agent=agent, url=receiver.url, actor=agent, types=["test.told"])
    since = timezone.now() - timedelta(hours=1)
    assert replay(endpoint=endpoint, actor=agent, since=since) == 2
    assert replay(endpoint=endpoint, actor=agent, since=since) == 0
    send_all()
    assert receiver.ids == [str(event.uid) for event in missed]


def test_a_deleted_endpoint_takes_its_log_with_it(agent, receiver):
    endpoint, _ = create_endpoint(agent=agent, url=receiver.url, actor=agent)
    tell(agent)
    send_all()
    delete_endpoint(endpoint=endpoint, actor=agent)
    assert not (Endpoint.objects.exists() or Delivery.objects.exists() or Attempt.objects.exists())


def at_once(*doings: Callable[[], Any]) -> Callable[[], list[Any]]:
    """Begins them in threads of their own; what is returned waits for what they returned or raised."""
    pool = ThreadPoolExecutor(1)
    started = pool.submit(race, list(doings))
    pool.shutdown(wait=False)
    return lambda: started.result(30)


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_the_relay_does_not_wait_until_a_log_is_deleted(agent):
    endpoint, _ = create_endpoint(agent=agent, url=NOWHERE, actor=agent)
    send_test(endpoint=endpoint, actor=agent)
    Delivery.objects.update(status="DELIVERED")
    told = tell(agent)
    with transaction.atomic():
        Delivery.objects.select_for_update().get()
        deletion = at_once(lambda: delete_endpoint(endpoint=endpoint, actor=agent))
        wait_for(somebody_waits, "the deletion to reach the log")
        [relayed] = at_once(relay_batch)()
        assert relayed and agent.notifications.filter(event=told).exists()
    assert deletion() == [None]
    assert not Endpoint.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_endpoint_that_goes_does_not_stop_the_relay(agent):
    endpoint, _ = create_endpoint(agent=agent, url=NOWHERE, actor=agent)
    told = tell(agent)
    with transaction.atomic():
        delete_endpoint(endpoint=endpoint, actor=agent)
        relay = at_once(relay_batch)
        wait_for(somebody_waits, "the relay to reach the endpoint")
    assert isinstance(relay()[0], int)
    assert agent.notifications.filter(event=told).exists() and not Delivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_endpoint_is_deleted_twice_at_once_without_harm(agent):
    endpoint, _ = create_endpoint(agent=agent, url=NOWHERE, actor=agent)
    for _ in range(3):
        send_test(endpoint=endpoint, actor=agent)
    Delivery.objects.update(status="DELIVERED")
    with transaction.atomic():
        Delivery.objects.select_for_update().first()
        deletions = [at_once(lambda: delete_endpoint(endpoint=endpoint, actor=agent)) for _ in range(2)]
        wait_for(lambda: Event.objects.filter(type="webhook.removed").count() == 2, "both to begin")
    assert [deletion() for deletion in deletions] == [[None], [None]]
    assert not Endpoint.objects.exists()


def fail(reply: Answer, attempts: int = 0) -> None:
    """Whatever waits is attempted once more, as the next after so many, and answered so."""
    Delivery.objects.filter(status="PENDING").update(next_attempt_at=Now(), leased_until=None, attempts=attempts)
    claims = deliveries.claim_due(100) + deliveries.claim_due(100, failing=True)
    deliveries.record([Outcome(claim, reply, timezone.now(), 5, {}) for claim in claims])


def time_passes(**time: float) -> None:
    Endpoint.objects.update(failing_since=F("failing_since") - timedelta(**time))


def told_of(type: str) -> list[set]:
    return [set(event.audience) for event in Event.objects.filter(type=type)]


def test_the_owner_is_told_once_and_first_and_then_it_is_off(agent, owner):
    """W9: after the fourth attempt; off after 120 hours of nothing but failures that have completed."""
    endpoint, _ = create_endpoint(agent=agent, url=NOWHERE, actor=agent)
    tell(agent)
    relay_batch()
    for attempts in range(3):
        fail(Answer(500), attempts)
    time_passes(minutes=7)
    assert told_of("webhook.failing") == []
    for attempts in (3, 4, 5):
        fail(Answer(None, "no answer", timed_out=True), attempts)
    assert told_of("webhook.failing") == [{agent.pk, owner.pk}]
    time_passes(hours=119)
    fail(Answer(500), 6)
    endpoint.refresh_from_db()
    assert endpoint.status == "ACTIVE"
    time_passes(hours=1)
    endpoint.refresh_from_db()
    assert endpoint.status == "ACTIVE", "time alone, and what merely waits, disables nothing"
    fail(Answer(500), 7)
    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.disabled_reason) == ("DISABLED", "nothing arrived for 5 days")
    assert told_of("webhook.disabled") == [{agent.pk, owner.pk}]
    assert not Delivery.objects.filter(status="PENDING").exists()
    resume_endpoint(endpoint=endpoint, actor=owner)
    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.failing_since, endpoint.warned_at) == ("ACTIVE", None, None)


def test_one_success_and_all_is_forgotten(agent):
    """W9: flapping"""
    endpoint, _ = create_endpoint(agent=agent, url=NOWHERE, actor=agent)
    tell(agent)
    relay_batch()
    fail(Answer(500))
    time_passes(hours=200)
    Endpoint.objects.update(warned_at=Now())
    fail(Answer(204))
    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.failing_since, endpoint.warned_at) == ("ACTIVE", None, None)


def test_a_date_may_say_when_to_come_again(agent, receiver):
    """W9: Retry-After as an HTTP date"""
    later = timezone.now() + timedelta(hours=3)
    receiver.behaviour = answer(503, {"Retry-After": later.strftime("%a, %d %b %Y %H:%M:%S GMT")})
    create_endpoint(agent=agent, url=receiver.url, actor=agent)
    tell(agent)
    send_all()
    assert abs(Delivery.objects.get().next_attempt_at - later) < timedelta(seconds=10)


def test_the_log_is_kept_for_a_while(agent, receiver, settings):
    create_endpoint(agent=agent, url=receiver.url, actor=agent)
    for _ in range(2):
        tell(agent)
    send_all()
    kept, old = Delivery.objects.order_by("id")
    Delivery.objects.filter(pk=old.pk).update(created_at=Now() - timedelta(days=settings.WEBHOOK_LOG_DAYS, hours=1))
    assert forget_deliveries() == 1
    assert Delivery.objects.get() == kept and Attempt.objects.get().delivery_id == kept.pk
