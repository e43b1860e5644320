"""From an event to the receiver's program: at least once, same id and bytes, waits that are rows (SURVIVE W1-W9)."""

import json
import time
from collections import Counter
from datetime import datetime, timedelta
from functools import partial

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from standardwebhooks import Webhook

from agents.models import Agent
from agents.webhooks import delivery as deliveries
from agents.webhooks import egress, sending
from agents.webhooks.attempts import Claim, Outcome
from agents.webhooks.egress import Answer, Sender
from agents.webhooks.models import Attempt, Delivery, Endpoint
from agents.webhooks.sending import Courier
from agents.webhooks.services import remove_endpoints, resend, set_endpoint
from agents.webhooks.tasks import deliver_webhooks
from marketplace.errors import Invalid, NotAllowed
from marketplace.events.models import Event
from marketplace.events.relay import relay_batch
from marketplace.events.services import emit
from marketplace.events.tasks import relay_events
from tests.factories import make_agent, make_person
from tests.racing import race
from tests.receiver import Receiver, answer, drop, hang, say_without_end, whisper
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db

Status = Delivery.Status


@pytest.fixture
def listener(db: None) -> Agent:
    """An agent of whose making nobody is told any more."""
    agent = make_agent(name="Lena")
    relay_batch()
    return agent


def tell(agent: Agent, url: str, **data: object) -> Event:
    """An event for the agent, whose endpoint is at the URL."""
    set_endpoint(agent=agent, url=url, actor=agent)
    return emit("test.told", actor=agent, audience=[agent], data=data)


def send_all() -> None:
    relay_events()
    deliver_webhooks()


def again() -> None:
    """Time goes by until what waits is due."""
    Delivery.objects.filter(status=Status.PENDING).update(next_attempt_at=Now(), leased_until=None)


def claim_due(limit: int = 1000) -> list[Claim]:
    """Of sound endpoints and of those that fail."""
    return deliveries.claim_due(limit) + deliveries.claim_due(limit, failing=True)


def only_claim() -> Claim:
    again()
    [claim] = claim_due()
    return claim


def record(claim: Claim, reply: Answer) -> None:
    """An attempt that was answered so."""
    deliveries.record([Outcome(claim, reply, timezone.now(), 5, {"webhook-id": claim.message_id})])


def test_an_event_arrives_signed(listener, receiver):
    _, secret = set_endpoint(agent=listener, url=receiver.url, actor=listener)
    event = emit("test.told", actor=listener, audience=[listener], data={"title": "Überblick – 概要 🦀"})
    send_all()
    [request] = receiver.requests
    assert (request.method, request.path, request.headers["content-type"]) == ("POST", "/hooks", "application/json")
    document = Webhook(secret).verify(request.body, request.headers)
    assert document["id"] == request.id == str(event.uid)
    assert (document["type"], document["data"]) == ("test.told", {"title": "Überblick – 概要 🦀"})
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.response_status) == (Status.DELIVERED, 1, 200)
    assert delivery.delivered_at is not None and delivery.leased_until is None


def test_only_those_concerned_are_told(listener, receiver):
    set_endpoint(agent=listener, url=receiver.url, actor=listener)
    emit("test.told", actor=None, audience=[make_agent()], data={})
    emit("test.told", actor=listener, audience=[], data={})
    send_all()
    assert receiver.requests == []


def test_an_endpoint_hears_only_the_types_it_asked_for(listener, receiver):
    endpoint, _ = set_endpoint(agent=listener, url=receiver.url, actor=listener)
    Endpoint.objects.filter(pk=endpoint.pk).update(types=["test.wanted"])
    for type in ("test.wanted", "test.other"):
        emit(type, actor=None, audience=[listener], data={})
    send_all()
    assert [json.loads(request.body)["type"] for request in receiver.requests] == ["test.wanted"]


@pytest.mark.parametrize("failure", [answer(500), answer(404), answer(301), drop], ids=["500", "404", "301", "drop"])
def test_what_failed_is_sent_again_with_the_same_id_and_bytes(listener, receiver, monkeypatch, failure):
    """W5: only the time of the attempt, and so the signature, is new."""
    _, secret = set_endpoint(agent=listener, url=receiver.url, actor=listener)
    emit("test.told", actor=None, audience=[listener], data={"n": 1})
    receiver.behaviours.append(failure)
    now = timezone.now()
    monkeypatch.setattr(sending.timezone, "now", lambda: now - timedelta(seconds=90))
    send_all()
    assert Delivery.objects.get().status == Status.PENDING
    deliver_webhooks()
    assert len(receiver.requests) == 1, "it is not due yet"
    again()
    monkeypatch.undo()
    deliver_webhooks()
    first, second = receiver.requests
    assert (first.id, first.body) == (second.id, second.body)
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) >= 90
    for request in (first, second):
        Webhook(secret).verify(request.body, request.headers)
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts) == (Status.DELIVERED, 2)


def record_and_wait(reply: Answer, least: float, most: float) -> Delivery:
    """The delivery after an attempt that was answered so; its next one is that many seconds away."""
    claim = only_claim()
    before = database_now()
    record(claim, reply)
    after = database_now()
    delivery = Delivery.objects.get()
    assert before + timedelta(seconds=least) <= delivery.next_attempt_at <= after + timedelta(seconds=most)
    return delivery


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


SCHEDULE = [5, 60, 300, 1800, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24))]


def test_the_waits_are_those_of_the_schedule(listener):
    """W4: eleven attempts; jitter adds up to 20 %, at most 15 minutes, and takes nothing away."""
    tell(listener, "http://127.0.0.1:9/hooks")
    relay_batch()
    for number, wait in enumerate(SCHEDULE, start=1):
        delivery = record_and_wait(Answer(500), wait, wait + min(0.2 * wait, 900))
        assert (delivery.attempts, delivery.status) == (number, Status.PENDING)
    record(only_claim(), Answer(500))
    delivery = Delivery.objects.get()
    assert (delivery.attempts, delivery.status, delivery.last_error) == (11, Status.FAILED, "answered 500")
    assert claim_due() == []


def test_failures_of_one_second_are_tried_again_all_over_the_window(listener, monkeypatch):
    """W4"""
    monkeypatch.setattr(deliveries, "DEPTH", 60)
    set_endpoint(agent=listener, url="http://127.0.0.1:9/hooks", actor=listener)
    for _ in range(60):
        emit("test.told", actor=None, audience=[listener], data={})
    relay_batch()
    Delivery.objects.update(attempts=5)
    deliveries.record([Outcome(claim, Answer(500), timezone.now(), 5, {}) for claim in claim_due()])
    waits = Delivery.objects.annotate(wait=F("next_attempt_at") - Now() - timedelta(hours=5)).values_list(
        "wait", flat=True
    )
    tenths = Counter(wait // timedelta(minutes=1.5) for wait in waits)
    assert len(tenths) >= 8 and max(tenths.values()) < 20, tenths


ANSWERS = [
    (Answer(429), 60, 60),
    (Answer(502), 60, 60),
    (Answer(504), 60, 60),
    (Answer(None, "no answer", timed_out=True), 60, 60),
    (Answer(None, "refused"), 5, 6),
    (Answer(503), 5, 6),
    (Answer(503, retry_after="120"), 120, 120),
    (Answer(429, retry_after="3600"), 3600, 3600),
    (Answer(503, retry_after="1"), 5, 6),
    (Answer(503, retry_after="604800"), 86_400, 86_400),
    (Answer(503, retry_after="9" * 400), 86_400, 86_400),
    (Answer(503, retry_after="-5"), 5, 6),
    (Answer(503, retry_after="soon"), 5, 6),
    (Answer(503, retry_after="1e9"), 5, 6),
    (Answer(503, retry_after="Mon, 01 Jan 99999999999 00:00:00 GMT"), 5, 6),
    (Answer(503, retry_after="Mon, 01 Jan 2024 00:00:00 +99999999999999999999"), 5, 6),
]


@pytest.mark.parametrize(("reply", "least", "most"), ANSWERS)
def test_a_receiver_may_ask_for_time(listener, reply, least, most):
    """W9: Retry-After up to a day; at least a minute after 429 and time-outs."""
    tell(listener, "http://127.0.0.1:9/hooks")
    relay_batch()
    record_and_wait(reply, least, most)


def test_retry_after_is_read_from_the_answer(listener, receiver):
    """W9"""
    receiver.behaviour = answer(503, {"Retry-After": "7200"})
    tell(listener, receiver.url)
    before = database_now()
    send_all()
    delivery = Delivery.objects.get()
    assert delivery.next_attempt_at - before >= timedelta(hours=2)
    assert delivery.response_status == 503


def test_a_receiver_that_is_gone_hears_nothing_more(listener, receiver):
    """W9: 410"""
    receiver.behaviour = answer(410)
    tell(listener, receiver.url)
    send_all()
    emit("test.told", actor=None, audience=[listener], data={})
    send_all()
    assert len(receiver.requests) == 1
    endpoint = Endpoint.objects.get()
    assert (endpoint.status, endpoint.disabled_reason) == (Endpoint.Status.DISABLED, "the receiver answered 410 Gone")
    assert [delivery.status for delivery in Delivery.objects.all()] == [Status.FAILED]


def test_what_waits_for_an_endpoint_that_is_removed_is_given_up(listener, receiver):
    tell(listener, receiver.url)
    relay_batch()
    remove_endpoints(agent=listener, actor=listener)
    deliver_webhooks()
    assert receiver.requests == []
    assert Delivery.objects.get().status == Status.FAILED


def test_a_new_address_takes_over_with_the_same_secret(listener, receiver):
    """J11"""
    _, secret = set_endpoint(agent=listener, url="http://127.0.0.1:9/old", actor=listener)
    endpoint, same = set_endpoint(agent=listener, url=receiver.url, actor=listener)
    assert secret == same and Endpoint.objects.get() == endpoint
    assert secret.encode() not in bytes(endpoint.encrypted_secret)
    with pytest.raises(NotAllowed):
        set_endpoint(agent=listener, url=receiver.url, actor=make_person())
    with pytest.raises(Invalid):
        set_endpoint(agent=listener, url="ftp://127.0.0.1/", actor=listener)


def test_one_endpoint_that_cannot_be_signed_for_does_not_stop_the_others(listener, receiver):
    """A secret that no key decrypts any more, as after a careless change of SECRET_KEY."""
    broken = make_agent(name="Bob")
    relay_batch()
    endpoint, _ = set_endpoint(agent=broken, url=receiver.url + "/broken", actor=broken)
    Endpoint.objects.filter(pk=endpoint.pk).update(encrypted_secret=b"nonsense")
    emit("test.told", actor=None, audience=[broken], data={})
    tell(listener, receiver.url)
    send_all()
    assert [request.path for request in receiver.requests] == ["/hooks"]
    failed = Delivery.objects.get(endpoint=endpoint)
    assert (failed.status, failed.attempts) == (Status.PENDING, 1)
    assert "secret" in failed.last_error


@pytest.mark.parametrize(
    "behaviour", [hang, whisper, say_without_end(b"x" * 65_536)], ids=["hangs", "one byte at a time", "without end"]
)
def test_a_hostile_receiver_holds_nobody_up(listener, receiver, other_receiver, monkeypatch, behaviour):
    """W8: the total time is bounded, and so is what is read."""
    monkeypatch.setattr(egress, "TOTAL_SECONDS", 0.5)
    receiver.behaviour = behaviour
    healthy = make_agent(name="Hedy")
    relay_batch()
    tell(healthy, other_receiver.url)
    tell(listener, receiver.url)
    started = time.monotonic()
    send_all()
    assert time.monotonic() - started < 5
    assert len(other_receiver.requests) == 1
    receiver.release()
    # The kernel's buffers take some in; what counts is that it ends.
    assert receiver.said < 16 * 1024 * 1024


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 banana\r\n\r\n",
        b"HTTP/1.1 99999 Strange\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: banana\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 1_000_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: x\r\n" * 20_000 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 100,
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00\xff" * 1000,
    ],
    ids=["nothing", "words", "status", "length", "chunks", "long header", "headers", "continue", "ssh", "noise"],
)
def test_an_answer_that_is_no_http_is_a_failure(listener, receiver, monkeypatch, reply):
    """W8"""
    monkeypatch.setattr(egress, "TOTAL_SECONDS", 2.0)

    def talk_nonsense(handler):
        try:
            handler.wfile.write(reply)
            handler.connection.shutdown(2)
        except OSError:
            pass  # the sender has heard enough

    receiver.behaviour = talk_nonsense
    tell(listener, receiver.url)
    send_all()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts) == (Status.PENDING, 1)
    assert delivery.last_error and len(delivery.last_error) <= 500


def test_the_beginning_of_the_answer_is_kept_as_it_came(listener, receiver):
    """W8: 4 KB of it, and bytes that PostgreSQL takes."""
    receiver.behaviour = answer(500, body=b"<b>\0\xff" + b"x" * 100_000)
    tell(listener, receiver.url)
    send_all()
    attempt = Attempt.objects.get()
    assert attempt.response_body == "<b>\ufffd\ufffd" + "x" * 4091
    assert (attempt.number, attempt.response_status, attempt.error) == (1, 500, "answered 500")
    assert attempt.request_headers["webhook-signature"].startswith("v1,")
    assert "whsec" not in str(attempt.request_headers)


@pytest.mark.django_db(transaction=True)
class TestLeases:
    """A claim is a lease; leases need commits, each with its own time."""

    @pytest.fixture(autouse=True)
    def told(self, receiver: Receiver) -> None:
        agent = make_agent()
        relay_batch()
        tell(agent, receiver.url)
        relay_batch()

    def test_a_delivery_is_claimed_by_one_worker(self):
        outcomes = race([partial(deliveries.claim_due, 100)] * 8)
        assert sorted(len(claims) for claims in outcomes) == [0] * 7 + [1]
        assert claim_due() == []

    def test_many_workers_send_each_delivery_once(self, receiver, monkeypatch):
        monkeypatch.setattr(deliveries, "DEPTH", 3)
        agent = Agent.objects.get(kind="AI")
        with transaction.atomic():
            for number in range(40):
                emit("test.many", actor=None, audience=[agent], data={"number": number})
        relay_batch()
        race([deliver_webhooks] * 6)
        wait_for(lambda: not Delivery.objects.filter(status=Status.PENDING).exists(), "all to be delivered")
        assert len(receiver.ids) == len(set(receiver.ids)) == 41

    def test_no_transaction_is_open_while_we_talk_to_the_network(self, receiver, monkeypatch):
        seen = []

        async def look(*arguments):
            seen.append(await sync_to_async(open_transactions, thread_sensitive=False)())
            return Answer(200)

        monkeypatch.setattr(Sender, "send", look)
        deliver_webhooks()
        assert seen == [0]

    def test_what_a_dead_worker_held_is_taken_over(self, receiver, settings):
        """W1"""
        settings.WEBHOOK_LEASE_SECONDS = 0.2
        claim_due()
        assert claim_due() == []
        wait_for(lambda: deliver_webhooks(), "the lease to end")
        assert Delivery.objects.get().status == Status.DELIVERED

    @pytest.mark.parametrize("late", [Answer(500), Answer(200)], ids=["failed", "succeeded"])
    def test_a_worker_that_comes_late_changes_nothing(self, settings, late):
        """Its lease ended and another has the delivery: the outcome is the other's to write."""
        settings.WEBHOOK_LEASE_SECONDS = 0.2
        [slow] = claim_due()
        [quick] = wait_for(claim_due, "the lease to end")
        before = Delivery.objects.values().get()
        record(slow, late)
        assert Delivery.objects.values().get() == before
        record(quick, Answer(204))
        record(slow, late)
        delivery = Delivery.objects.get()
        assert (delivery.status, delivery.attempts, delivery.response_status) == (Status.DELIVERED, 1, 204)

    def test_a_failed_attempt_ends_the_lease(self):
        [claim] = claim_due()
        record(claim, Answer(500))
        delivery = Delivery.objects.get()
        assert (delivery.leased_until, delivery.attempts) == (None, 1)

    def test_what_is_begun_in_the_first_half_of_the_lease_ends_within_it(self):
        [claim] = claim_due()
        lease = Delivery.objects.annotate(lease=F("leased_until") - Now()).get().lease
        assert lease / 2 > timedelta(seconds=egress.TOTAL_SECONDS + 5)
        assert claim.id == Delivery.objects.get().pk

    def test_what_is_too_late_to_begin_is_given_back(self, receiver, settings):
        """The lease might end before the attempt."""
        settings.WEBHOOK_LEASE_SECONDS = 0
        assert Courier(should_stop=iter([False, True]).__next__).run() == 0
        assert receiver.requests == []
        assert Delivery.objects.get().leased_until is None


def open_transactions() -> int:
    """How many connections other than this one are in a transaction."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(IN_TRANSACTION)
            return cursor.fetchone()[0]
    finally:
        connection.close()


IN_TRANSACTION = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()
"""


def test_an_outcome_that_cannot_be_recorded_takes_no_other_with_it(listener):
    """A mistake of ours, brought to light by one receiver, ends that delivery and is logged; all else goes on."""
    for number in range(2):
        tell(listener, f"http://127.0.0.1:9/{number}")
    relay_batch()
    claims = claim_due()
    assert len(claims) >= 2
    now = timezone.now()
    answers = [
        Answer(70_000),
        *(Answer(200) for _ in claims[1:]),
    ]  # no number of three digits, and none the table takes
    outcomes = [Outcome(claim, reply, now, 1, {}) for claim, reply in zip(claims, answers, strict=True)]
    Courier()._speak_to_database(outcomes, [])
    first, *others = Delivery.objects.order_by("id")
    assert (first.status, first.leased_until, "mistake of ours" in first.last_error) == (Status.FAILED, None, True)
    assert {delivery.status for delivery in others} == {Status.DELIVERED}


def test_what_is_in_flight_when_the_endpoint_is_disabled_has_still_arrived(listener):
    """What arrived is DELIVERED, lest it be sent again; what did not is given up with the rest."""
    set_endpoint(agent=listener, url="http://127.0.0.1:9/hooks", actor=listener)
    relay_batch()
    Delivery.objects.all().delete()
    for number in range(3):
        emit("test.told", actor=None, audience=[listener], data={"n": number})
    relay_batch()
    arrived, lost = claim_due(2)
    remove_endpoints(agent=listener, actor=listener)
    now = timezone.now()
    deliveries.record([Outcome(arrived, Answer(200), now, 1, {}), Outcome(lost, Answer(500), now, 1, {})])
    statuses = dict(Delivery.objects.values_list("pk", "status"))
    assert statuses.pop(arrived.id) == Status.DELIVERED
    assert set(statuses.values()) == {Status.FAILED}
    assert Attempt.objects.count() == 2


def test_what_is_asked_for_again_during_its_last_attempt_is_attempted_again(listener):
    tell(listener, "http://127.0.0.1:9/hooks")
    relay_batch()
    Delivery.objects.update(attempts=10)
    claim = only_claim()
    resend(delivery=Delivery.objects.get(), actor=listener)
    deliveries.record([Outcome(claim, Answer(500), timezone.now(), 1, {})])
    assert Delivery.objects.get().status == Status.PENDING
