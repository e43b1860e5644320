"""SIGKILL to the programs that production runs, in the middle of what they do: nothing lost, nothing done twice.

SURVIVE W1, W2, C5, L8; P3. Scaled so that each test takes seconds: 150 events and 3 kills for 1,000 and 20.
"""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx2
import pytest
import redis
from django.conf import settings
from django.db import connection, connections, transaction
from django.db.models.functions import Now

from agents.models import Agent
from agents.services import mint_api_key
from agents.webhooks.models import Delivery
from agents.webhooks.services import set_endpoint
from jobs.lifecycle import Status
from jobs.models import Job
from marketplace.events.models import Event
from marketplace.events.relay import relay_batch
from marketplace.events.services import emit
from tests.factories import FUNDS, PRICE, make_agent, make_person, submitted_job
from tests.faults.conftest import Processes
from tests.receiver import Handler, Receiver, answer, hang
from tests.waiting import wait_for
from tests.wallets.outside import ADDRESS
from wallets.models import Account, Transfer, Withdrawal
from wallets.queries import balance
from wallets.rails.models import EmbeddedPayout
from wallets.services import request_withdrawal

pytestmark = pytest.mark.django_db(transaction=True)

PAYOUT = PRICE * 95 // 100
SECONDS_TO_COME_UP = 60
KILLS, EVENTS_A_KILL = 3, 50


@pytest.fixture(autouse=True)
def empty_broker() -> None:
    """Messages of other tests are not for these workers."""
    flush_the_broker()


def flush_the_broker() -> None:
    with redis.from_url(settings.REDIS_URL) as broker:
        broker.flushdb()


@pytest.fixture
def listener(transactional_db: None, receiver: Receiver) -> Agent:
    """An agent whose program is the receiver."""
    agent = make_agent(name="Lena")
    relay_batch()
    set_endpoint(agent=agent, url=receiver.url, actor=agent)
    return agent


def tell(agent: Agent, count: int = 1) -> list[str]:
    """Events for the agent, each committed by itself; returns their ids."""
    return [str(emit("test.told", actor=None, audience=[agent], data={"n": n}).uid) for n in range(count)]


def all_delivered() -> bool:
    waiting = Event.objects.filter(relayed_at=None).exists()
    return not waiting and not Delivery.objects.exclude(status=Delivery.Status.DELIVERED).exists()


def wait_until_delivered() -> None:
    wait_for(all_delivered, "all webhooks to be delivered", SECONDS_TO_COME_UP)


def somebody_waits_for_us() -> bool:
    """Whether a lock that this test holds is what another connection waits for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))")
        return cursor.fetchone() is not None


def test_a_worker_killed_while_it_sends_loses_nothing(processes, listener, receiver):
    """W1: the request was made and its answer never came; the next worker makes it again, once."""
    receiver.behaviours.append(hang)
    [told] = tell(listener)
    processes.start("worker", "webhooks", "beat")
    wait_for(lambda: receiver.requests, "the first attempt", SECONDS_TO_COME_UP)
    processes.kill("webhooks")
    receiver.release()
    assert Delivery.objects.get().status == Delivery.Status.PENDING
    processes.start("webhooks")
    wait_until_delivered()
    first, second = receiver.requests
    assert first.id == second.id == told and first.body == second.body
    assert receiver.answered == 1


def test_workers_killed_at_random_lose_nothing(processes, listener, receiver):
    """W1: duplicates may come, with the same id and the same bytes."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    receiver.behaviour = answer_after_a_while
    processes.start("worker", "webhooks", "beat")
    told: list[str] = []
    for _ in range(KILLS):
        told += tell(listener, EVENTS_A_KILL)
        moment = len(receiver.requests) + chance.randint(1, EVENTS_A_KILL)
        wait_for(partial(have_arrived, receiver, moment), "the moment to kill", 60)
        processes.kill("worker", "webhooks")
        processes.start("worker", "webhooks")
    wait_until_delivered()
    bodies: dict[str, set[bytes]] = {}
    for received in receiver.requests:
        bodies.setdefault(received.id, set()).add(received.body)
    assert bodies.keys() == set(told)
    assert {len(variants) for variants in bodies.values()} == {1}


def have_arrived(receiver: Receiver, count: int) -> bool:
    return len(receiver.requests) >= count or all_delivered()


def answer_after_a_while(handler: Handler) -> None:
    handler.server.receiver.released.wait(0.02)
    answer()(handler)


def test_a_broker_that_was_down_and_lost_everything_loses_no_event(processes, listener, receiver):
    """W2: 50 changes commit and 10 roll back; the messages that would have told the workers are all gone."""
    told = tell(listener, 50)
    for _ in range(10):
        with pytest.raises(RuntimeError), transaction.atomic():
            tell(listener)
            raise RuntimeError
    flush_the_broker()
    processes.start("worker", "webhooks", "beat")
    wait_until_delivered()
    assert sorted(receiver.ids) == sorted(told)


def test_a_broker_emptied_while_the_workers_run_loses_no_event(processes, listener, receiver):
    """W2, C5: what Celery keeps in the broker about its queues goes as well, under everybody's feet."""
    processes.start("worker", "webhooks", "beat")
    told = tell(listener)
    wait_until_delivered()
    for _ in range(5):
        told += tell(listener, 5)
        flush_the_broker()
    told += tell(listener, 5)
    wait_until_delivered()
    assert set(receiver.ids) == set(told)


@pytest.fixture
def parties(transactional_db: None) -> tuple[Agent, Agent]:
    """A poster who can pay, and a worker who has been paid before, so that its account is there to be locked."""
    poster, worker = make_person("Paula", funds=FUNDS), make_agent(name="Wanda", funds=1)
    return poster, worker


def due_job(poster: Agent, worker: Agent) -> Job:
    """A job whose review window is over."""
    job = submitted_job(poster, worker)
    Job.objects.filter(pk=job.pk).update(auto_approve_at=Now())
    return job


def hold_account_of(agent: Agent) -> None:
    """Until the transaction ends nobody can pay the agent."""
    Account.objects.select_for_update().get(owner=agent)


def paid_once(job: Job, worker: Agent) -> bool:
    events = Event.objects.filter(type="job.approved", job=job).count()
    job.refresh_from_db()
    worker.refresh_from_db()
    story = (job.status, events, worker.completed_jobs, balance(worker).available)
    return story == (Status.COMPLETED, 1, 1, PAYOUT + 1)


def test_a_review_that_ended_while_nobody_swept_is_approved_once(processes, parties):
    """P3, C2: the worker was dead when the window ended."""
    poster, worker = parties
    processes.start("worker", "beat")
    processes.kill("worker", "beat")
    job = due_job(poster, worker)
    processes.start("worker", "beat")
    wait_for(lambda: paid_once(job, worker), "the approval", SECONDS_TO_COME_UP)


def test_a_worker_killed_in_the_middle_of_an_approval_has_done_nothing(processes, parties):
    """P3: it dies between the change of status and the payment, both in one transaction."""
    poster, worker = parties
    job = due_job(poster, worker)
    with transaction.atomic():
        hold_account_of(worker)
        processes.start("worker", "beat")
        wait_for(somebody_waits_for_us, "the sweep to reach the payment", SECONDS_TO_COME_UP)
        processes.kill("worker")
    wait_for(lambda: unlocked(job), "PostgreSQL to notice that the worker is gone")
    job.refresh_from_db()
    assert (job.status, balance(worker).available) == (Status.IN_REVIEW, 1)
    processes.start("worker")
    wait_for(lambda: paid_once(job, worker), "the approval", SECONDS_TO_COME_UP)


@transaction.atomic
def unlocked(job: Job) -> bool:
    return Job.objects.select_for_update(skip_locked=True).filter(pk=job.pk).exists()


def answers(act: Callable[[], httpx2.Response]) -> httpx2.Response | None:
    """The response, or None when nobody answers."""
    try:
        return act()
    except httpx2.TransportError:
        return None


def test_a_web_server_killed_in_the_middle_of_an_approval_has_done_nothing(processes, parties):
    """L8: whoever asked does not know what happened, and asks again with the same key."""
    poster, worker = parties
    job = submitted_job(poster, worker)
    _, key = mint_api_key(agent=poster, name="test", actor=poster)
    approve = partial(
        httpx2.post,
        f"{processes.url}/v1/jobs/{job.pk}/approve",
        headers={"X-Api-Key": key, "Idempotency-Key": "approve-once"},
        timeout=30,
    )
    start_the_web(processes)
    with ThreadPoolExecutor(1) as threads, transaction.atomic():
        hold_account_of(worker)
        first = threads.submit(answers, approve)
        wait_for(somebody_waits_for_us, "the request to reach the payment")
        processes.kill("web")
    assert first.result() is None, "nobody was told anything"
    wait_for(lambda: unlocked(job), "PostgreSQL to notice that the server is gone")
    job.refresh_from_db()
    assert (job.status, balance(worker).available) == (Status.IN_REVIEW, 1)

    start_the_web(processes)
    second, third = approve(), approve()
    assert (second.status_code, third.status_code) == (200, 200), (second.text, third.text)
    assert second.content == third.content and third.headers["Idempotent-Replayed"] == "true"
    assert paid_once(job, worker)


def start_the_web(processes: Processes) -> None:
    processes.start("web")
    health = partial(httpx2.get, f"{processes.url}/v1/health", timeout=10)

    def is_up() -> bool:
        response = answers(health)
        return response is not None and response.status_code == 200

    wait_for(is_up, "the web server to come up", SECONDS_TO_COME_UP)


@pytest.fixture
def withdrawal(transactional_db: None) -> Withdrawal:
    """All of a wallet, on its way to the play world outside."""
    rich = make_person("Rich", funds=FUNDS)
    return request_withdrawal(agent=rich, actor=rich, amount=FUNDS, address=ADDRESS, key="all")


def occupy_the_payout(withdrawal: Withdrawal) -> None:
    """Until the transaction ends nobody can make this payment."""
    EmbeddedPayout.objects.create(key=withdrawal.pk, address=ADDRESS, amount=FUNDS, due_at=Now())


def settled(withdrawal: Withdrawal) -> bool:
    withdrawal.refresh_from_db()
    now = balance(withdrawal.agent)
    return (withdrawal.status, now.available, now.withdrawing) == ("CONFIRMED", 0, 0)


WAITING = "FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"


def somebody_is_kept_waiting() -> bool:
    """Whether any connection waits for a lock of another."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {WAITING}")
        return bool(cursor.fetchone()[0])


def end_those_who_wait() -> None:
    """PostgreSQL would finish the statement of a client that is gone, as soon as it got its lock."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid, 5000) {WAITING}")


def test_a_worker_killed_before_it_sends_a_withdrawal_pays_it_once(processes, withdrawal):
    with transaction.atomic():
        occupy_the_payout(withdrawal)
        processes.start("worker", "beat")
        wait_for(somebody_waits_for_us, "the sweep to reach the payment", SECONDS_TO_COME_UP)
        processes.kill("worker")
        transaction.set_rollback(True)
    assert not EmbeddedPayout.objects.exists()
    processes.start("worker")
    wait_for(lambda: settled(withdrawal), "the withdrawal to be paid", SECONDS_TO_COME_UP)
    assert EmbeddedPayout.objects.count() == 1


def test_a_worker_killed_after_it_sent_a_withdrawal_pays_it_once(processes, withdrawal):
    """It dies between the payment outside and the row that would have said so."""
    recorder = connections.create_connection("default")
    with transaction.atomic():
        occupy_the_payout(withdrawal)
        processes.start("worker", "beat")
        wait_for(somebody_waits_for_us, "the sweep to reach the payment", SECONDS_TO_COME_UP)
        recorder.set_autocommit(False)
        with recorder.cursor() as cursor:
            cursor.execute("SELECT 1 FROM wallets_withdrawal WHERE id = %s FOR UPDATE", [withdrawal.pk])
        transaction.set_rollback(True)
    wait_for(EmbeddedPayout.objects.exists, "the payment outside", SECONDS_TO_COME_UP)
    wait_for(somebody_is_kept_waiting, "the row that says so", SECONDS_TO_COME_UP)
    processes.kill("worker")
    end_those_who_wait()
    recorder.rollback()
    recorder.close()
    withdrawal.refresh_from_db()
    assert withdrawal.status == "PENDING", "nobody knows yet that it was paid"
    processes.start("worker")
    wait_for(lambda: settled(withdrawal), "the withdrawal to be found paid", SECONDS_TO_COME_UP)
    assert EmbeddedPayout.objects.count() == 1
    kinds = Transfer.objects.filter(kind__startswith="WITHDRAWAL").values_list("kind", flat=True)
    assert sorted(kinds) == ["WITHDRAWAL", "WITHDRAWAL_CONFIRMED"]
