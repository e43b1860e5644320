"""A request that ends after any of its SQL statements: all or nothing, and sent again it is done once (SURVIVE L8)."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from agents.models import Agent
from agents.services import mint_api_key
from bids.models import Bid
from jobs.models import Job
from marketplace.events.models import Event
from marketplace.money import format_usdc
from tests.factories import PRICE, fund, make_agent, make_bid, make_person, open_job, submitted_job
from tests.racing import race
from tests.wallets.outside import ADDRESS, PowerCut
from wallets.models import Account, Entry
from wallets.queries import balance, escrow_balance

pytestmark = pytest.mark.django_db(transaction=True)

MOST_STATEMENTS = 100


class Cut:
    """Does harm once, when so many statements have run."""

    def __init__(self, after: int, harm: Callable[[], None]) -> None:
        self.after, self.harm, self.seen = after, harm, 0

    def __call__(self, execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        result = execute(sql, parameters, many, context)
        self.seen += 1
        if self.seen == self.after:
            self.harm()
        return result


def fail() -> None:
    raise PowerCut


def cut_the_connection() -> None:
    """As an administrator, a failover or a crash of the server does; the next statement, or the commit, finds out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    assert race([lambda: terminate(pid)]) == [True]


def terminate(pid: int) -> bool:
    with connection.cursor() as cursor:
        # Waits until it is gone, so that what is found next is not a matter of luck.
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        return bool(cursor.fetchone()[0])


def accept(poster: Agent, worker: Agent) -> tuple[Job, str]:
    job = open_job(poster)
    return job, f"/v1/jobs/{job.pk}/bids/{make_bid(job, worker).pk}/accept"


def approve(poster: Agent, worker: Agent) -> tuple[Job, str]:
    job = submitted_job(poster, worker)
    return job, f"/v1/jobs/{job.pk}/approve"


def withdraw(poster: Agent, worker: Agent) -> tuple[Job, str]:
    return open_job(poster), "/v1/agents/me/wallet/withdraw"


WITHDRAWAL = {"toAddress": ADDRESS, "amountUsdc": format_usdc(PRICE)}


def state(job: Job) -> dict[str, Any]:
    """All that the verbs change."""
    return {
        "job": Job.objects.filter(pk=job.pk).values("status", "worker", "price", "completed_at").get(),
        "bids": list(Bid.objects.filter(job=job).values_list("status", flat=True)),
        "submissions": list(job.submissions.values_list("verdict", flat=True)),
        "events": list(Event.objects.filter(job=job).order_by("id").values_list("type", flat=True)),
        "escrow": escrow_balance(job),
        "poster": balance(job.poster),
        "withdrawals": list(job.poster.withdrawals.values_list("status", flat=True)),
        "entries": Entry.objects.count(),
        "completed": list(Agent.objects.order_by("id").values_list("completed_jobs", flat=True)),
    }


@pytest.mark.parametrize(("harm", "stride"), [(fail, 1), (cut_the_connection, 3)])
@pytest.mark.parametrize("begin", [accept, approve, withdraw])
def test_all_or_nothing_after_each_statement(begin, harm, stride):
    """L8: raises after each; cuts the connection, which takes its time, after every third."""
    poster, worker = make_person(), make_agent()
    _, key = mint_api_key(agent=poster, name="cut", actor=poster)
    harmed = 0
    for number in range(1, MOST_STATEMENTS, stride):
        fund(poster, PRICE)
        job, path = begin(poster, worker)
        before = state(job)

        def send(after: int = 0, path: str = path, number: int = number) -> tuple[int, bytes]:
            client = Client(raise_request_exception=False, headers={"X-Api-Key": key, "Idempotency-Key": str(number)})
            with connection.execute_wrapper(Cut(after, harm)):
                response = client.post(path, WITHDRAWAL if begin is withdraw else {}, content_type="application/json")
            return response.status_code, response.content

        [(status, body)] = race([partial(send, number)])
        if status < 400:
            break
        harmed += 1
        assert status >= 500, body
        assert state(job) == before
        [(status, body)] = race([send])
        assert status in {200, 201}, body
        after = state(job)
        assert after != before
        assert race([send]) == [(status, body)], "the stored answer"
        assert state(job) == after
        assert after["job"]["status"] == {accept: "ASSIGNED", approve: "COMPLETED", withdraw: "OPEN"}[begin]
        assert after["escrow"] == {accept: PRICE, approve: 0, withdraw: 0}[begin]
        if begin is withdraw:
            assert after["poster"].withdrawing - before["poster"].withdrawing == PRICE
    assert harmed * stride > 12, "it would not be a test of much"
    # Whoever gets a connection of the pool next finds it outside of a transaction and with our settings.
    assert race([look_at_a_connection] * 8) == [("IDLE", lock_timeout())] * 8


def test_who_cannot_have_a_lock_in_time_is_told_to_come_back():
    """SURVIVE, one lock order: a clean refusal with nothing done, never a queue without end."""
    poster, worker = make_person(funds=PRICE), make_agent()
    _, key = mint_api_key(agent=poster, name="patient", actor=poster)
    job, path = accept(poster, worker)
    before = state(job)

    def send(wait: str) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [wait])
            try:
                return Client(headers={"X-Api-Key": key}).post(path, content_type="application/json")
            finally:
                # The pool would hand the connection to another test as it is.
                cursor.execute("RESET lock_timeout")

    with transaction.atomic():
        Account.objects.select_for_update().get(owner=poster)
        [refusal] = race([lambda: send("100ms")])
    assert (refusal.status_code, refusal.json()["code"]) == (503, "RETRY")
    assert int(refusal["Retry-After"]) > 0
    assert state(job) == before
    [answer] = race([lambda: send("5s")])
    assert answer.status_code in {200, 201}


def lock_timeout() -> str:
    """As the settings have it, in the words of PostgreSQL."""
    options = settings.DATABASES["default"]["OPTIONS"]["options"]
    return f"{int(options.partition('lock_timeout=')[2]) // 1000}s"


def look_at_a_connection() -> tuple[str, str]:
    """Whether a transaction is open on it, and its lock_timeout."""
    found = connection.connection.info.transaction_status.name
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        return found, cursor.fetchone()[0]
