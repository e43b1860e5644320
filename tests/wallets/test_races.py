"""Money under races: real connections, a start barrier, and guards taken off to see that the tests would notice.

SURVIVE asks for 200 repetitions. All races together are about that many here, so that they take less than a minute;
RACE_REPETITIONS=4 gives each its 200.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from threading import Barrier, BrokenBarrierError
from typing import Any

import httpx2
import pytest
from django.db import OperationalError, connection

import bids.services
import wallets.services
from agents.models import Agent
from agents.services import mint_api_key
from bids.models import Bid
from bids.services import accept_bid, withdraw_bid
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.rules import WrongStatus
from jobs.services import (
    approve_job,
    assigning,
    auto_approve_job,
    cancel_job,
    disputing,
    ending,
    posting,
    reject_submission,
    reviewing,
    working,
)
from marketplace.errors import MarketError
from marketplace.events.models import Event
from tests.factories import FUNDS, PRICE, fund, make_agent, make_bid, make_person, open_job, submitted_job
from tests.oracle import assert_books_sound
from tests.racing import losers, race, winners
from wallets import ledger
from wallets.ledger import Leg
from wallets.models import Transfer
from wallets.queries import balance, escrow_balance
from wallets.services import deposit, request_withdrawal

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = int(os.environ.get("RACE_REPETITIONS", "1"))


@pytest.fixture
def poster(transactional_db: None) -> Agent:
    return make_person("Paula", funds=FUNDS)


@pytest.fixture
def bidders(transactional_db: None) -> list[Agent]:
    return [make_agent(name="Wanda"), make_agent(name="Wilma")]


def assert_one_clean_winner(outcomes: list[Any]) -> None:
    """One did it; the others were told in plain words that they came too late."""
    assert len(winners(outcomes)) == 1, outcomes
    assert all(isinstance(loser, MarketError) and loser.status == 409 for loser in losers(outcomes)), outcomes


def count(type: str, job: Job) -> int:
    return Event.objects.filter(type=type, job=job).count()


def two_bids(poster: Agent, bidders: list[Agent]) -> tuple[Job, list[Bid]]:
    job = open_job(poster)
    return job, [make_bid(job, bidder, PRICE) for bidder in bidders]


def accepts_of(bids: list[Bid], poster: Agent, times: int = 1) -> list[Callable[[], Any]]:
    return [partial(accept_bid, bid=bid, actor=poster) for bid in bids * times]


def test_a_job_is_given_away_once(poster, bidders):
    """L1"""
    for _ in range(50 * TIMES):
        fund(poster, PRICE)
        job, bids = two_bids(poster, bidders)
        assert_one_clean_winner(race(accepts_of(bids, poster)))
        assert escrow_balance(job) == PRICE
        assert (count("job.assigned", job), count("bid.accepted", job), count("bid.rejected", job)) == (1, 1, 1)
        assert sorted(job.bids.values_list("status", flat=True)) == ["ACCEPTED", "REJECTED"]


def test_a_job_is_given_away_once_however_many_ask(poster, bidders):
    """L1"""
    for _ in range(10 * TIMES):
        job, bids = two_bids(poster, bidders)
        assert_one_clean_winner(race(accepts_of(bids, poster, times=6)))
        assert escrow_balance(job) == PRICE


@contextmanager
def without_the_job_lock(monkeypatch: pytest.MonkeyPatch, contestants: int) -> Iterator[None]:
    """The lock of every verb read without locking, and the contestants in step until each has read the row."""
    together = Barrier(contestants)

    def read(job: Job) -> Job:
        found = Job.objects.select_related("poster__user", "poster__owner", "worker__user", "worker__owner").get(
            pk=job.pk
        )
        try:
            together.wait(0.5)
        except BrokenBarrierError:
            pass  # one is ahead, waiting in the database for the other
        return found

    with monkeypatch.context() as patch:
        for verbs in (assigning, disputing, ending, posting, reviewing, working, bids.services):
            patch.setattr(verbs, "lock", read)
        yield


def test_without_the_lock_two_accepts_end_in_an_error(poster, bidders, monkeypatch):
    """Negative control of L1: constraints and keys still keep the money right, but nobody is told cleanly."""
    job, bids = two_bids(poster, bidders)
    with without_the_job_lock(monkeypatch, 2):
        outcomes = race(accepts_of(bids, poster))
    with pytest.raises(AssertionError):
        assert_one_clean_winner(outcomes)
    assert escrow_balance(job) in {0, PRICE}


def test_a_job_is_approved_once(poster, bidders):
    """L4: by its poster and by the clock at the same moment."""
    for _ in range(40 * TIMES):
        job = submitted_job(poster, bidders[0])
        contestants = [partial(approve_job, job=job, actor=poster), partial(auto_approve_job, job=job)]
        assert_one_clean_winner(race(contestants * 2))
        assert (count("job.approved", job), count("job.paid", job)) == (1, 1)
        fund(poster, PRICE)
    bidders[0].refresh_from_db()
    assert bidders[0].completed_jobs == 40 * TIMES


def test_without_the_lock_a_job_is_approved_twice(poster, bidders, monkeypatch):
    """Negative control of L4: the ledger's key still pays once, yet two say that they did it."""
    job = submitted_job(poster, bidders[0])
    with without_the_job_lock(monkeypatch, 2):
        outcomes = race([partial(approve_job, job=job, actor=poster)] * 2)
    assert len(winners(outcomes)) == 2
    with pytest.raises(AssertionError, match="approved once"):
        assert_books_sound()
    assert balance(bidders[0]).available == PRICE * 95 // 100
    forget_everything()


def forget_everything() -> None:
    """Leaves no rows behind for the oracle that looks after the test."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE events_event, jobs_job, agents_user CASCADE")


def test_one_end_for_an_escrow(poster, bidders):
    """L4: approve, send back, approve by the clock; then cancel against accept."""
    for _ in range(20 * TIMES):
        fund(poster, 2 * PRICE)
        job = submitted_job(poster, bidders[0])
        outcomes = race(
            [
                partial(approve_job, job=job, actor=poster),
                partial(reject_submission, job=job, actor=poster, reason="Too long."),
                partial(auto_approve_job, job=job),
            ]
        )
        assert_one_clean_winner(outcomes)
        job.refresh_from_db()
        assert escrow_balance(job) == (0 if job.status == Status.COMPLETED else PRICE)

        job, offers = two_bids(poster, bidders)
        outcomes = race(
            [
                partial(cancel_job, job=job, actor=poster),
                partial(accept_bid, bid=offers[0], actor=poster),
                partial(withdraw_bid, bid=offers[1], actor=bidders[1]),
            ]
        )
        # A job may be given away and then be cancelled, but never the other way round.
        assert all(isinstance(loser, MarketError) for loser in losers(outcomes)), outcomes
        job.refresh_from_db()
        assert escrow_balance(job) == (PRICE if job.status == Status.ASSIGNED else 0)


def test_a_balance_that_covers_one_job_pays_for_one(bidders):
    """L2"""
    contestants = 12
    for _ in range(4 * TIMES):
        poor = make_person("Poor", funds=PRICE)
        offers = [make_bid(open_job(poor), bidders[0], PRICE) for _ in range(contestants)]
        outcomes = race(accepts_of(offers, poor))
        assert len(winners(outcomes)) == 1
        assert all(isinstance(loser, ledger.InsufficientFunds) for loser in losers(outcomes)), outcomes
        assert (balance(poor).available, balance(poor).held) == (0, PRICE)
        assert Bid.objects.filter(job__poster=poor, status="PENDING").count() == contestants - 1


def withdrawals_of(agent: Agent, amount: int, times: int) -> list[Callable[[], Any]]:
    """Each with a key of its own and another address, as a thief would send them."""
    return [
        partial(
            request_withdrawal,
            agent=agent,
            actor=agent,
            amount=amount,
            address=f"0x{number + 1:040x}",
            key=f"withdrawal {number}",
        )
        for number in range(times)
    ]


def assert_what_fits_succeeds(outcomes: list[Any], fits: int) -> None:
    assert len(winners(outcomes)) == fits
    assert all(isinstance(loser, ledger.InsufficientFunds) for loser in losers(outcomes)), losers(outcomes)


@pytest.mark.parametrize("fits", [1, 5])
def test_64_withdrawals_of_the_same_balance(fits):
    """L3: exactly what fits succeeds, whatever is different about the requests."""
    for _ in range(3 * TIMES):
        rich = make_person("Rich", funds=fits * PRICE + PRICE - 1)
        assert_what_fits_succeeds(race(withdrawals_of(rich, PRICE, 64)), fits)
        assert rich.withdrawals.count() == fits
        assert (balance(rich).available, balance(rich).withdrawing) == (PRICE - 1, fits * PRICE)


@contextmanager
def without_the_database_saying_no() -> Iterator[None]:
    """The same ledger, kept by a program that looks before it leaps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname LIKE 'pgtrigger_move_balance%'")
        [original] = cursor.fetchone()
        cursor.execute(CARELESS_MOVE.format(name=trigger_function(cursor)))
        cursor.execute("ALTER TABLE wallets_account DROP CONSTRAINT account_balance_not_negative")
    try:
        yield
    finally:
        forget_everything()
        with connection.cursor() as cursor:
            name = trigger_function(cursor)
            cursor.execute(f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${original}$$")
            cursor.execute(
                "ALTER TABLE wallets_account ADD CONSTRAINT account_balance_not_negative CHECK (balance >= 0)"
            )


def trigger_function(cursor: Any) -> str:
    cursor.execute("SELECT proname FROM pg_proc WHERE proname LIKE 'pgtrigger_move_balance%'")
    return str(cursor.fetchone()[0])


CARELESS_MOVE = """
    CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE wallets_account SET balance = balance + NEW.amount WHERE id = NEW.account_id
        RETURNING balance INTO NEW.balance_after;
        RETURN NEW;
    END $$
"""


def test_a_check_before_the_transfer_would_not_have_been_enough(monkeypatch):
    """Negative control of L3: a program that asks for the balance first, without the database's refusal."""
    rich = make_person("Rich", funds=PRICE)
    together = Barrier(8)
    # What has to stay in the account: less than it will ever owe.
    monkeypatch.setattr(wallets.services, "bonus_unspent", lambda agent: -(10**15))

    def look_then_withdraw(number: int) -> Any:
        if balance(rich).available < PRICE:
            raise ledger.InsufficientFunds()
        together.wait(10)
        return withdrawals_of(rich, PRICE, 8)[number]()

    with without_the_database_saying_no():
        outcomes = race([partial(look_then_withdraw, number) for number in range(8)])
        with pytest.raises(AssertionError):
            assert_what_fits_succeeds(outcomes, 1)
        with pytest.raises(AssertionError, match="below zero"):
            assert_books_sound()


def test_64_holds_against_one_wallet(bidders):
    """L2: exactly what fits is held."""
    poor = make_person("Poor", funds=5 * PRICE + 1)
    offers = [make_bid(open_job(poor), bidders[0], PRICE) for _ in range(64)]
    assert_what_fits_succeeds(race(accepts_of(offers, poor)), 5)
    assert (balance(poor).available, balance(poor).held) == (1, 5 * PRICE)


def test_one_sum_is_held_for_a_job_or_withdrawn(bidders):
    """L2: 32 accepts of 32 jobs mixed with 32 withdrawals of the same money."""
    for _ in range(2 * TIMES):
        poor = make_person("Poor", funds=PRICE)
        offers = [make_bid(open_job(poor), bidders[0], PRICE) for _ in range(32)]
        assert_what_fits_succeeds(race([*accepts_of(offers, poor), *withdrawals_of(poor, PRICE, 32)]), 1)
        after = balance(poor)
        assert (after.available, after.held + after.withdrawing) == (0, PRICE)


def test_a_deposit_is_credited_once(poster):
    outcomes = race([partial(deposit, agent=poster, amount=5, key="the same")] * 12)
    assert sorted(outcomes) == [False] * 11 + [True]
    assert balance(poster).available == FUNDS + 5


def exchange(one: Agent, other: Agent, number: int, rounds: int) -> None:
    """Transfers to and fro, each with a fee, so that three accounts are touched in either order."""
    for turn in range(rounds):
        giver, taker = (one, other) if (number + turn) % 2 else (other, one)
        ledger.post(
            kind=Transfer.Kind.ADJUSTMENT,
            key=f"exchange:{number}:{turn}",
            legs=[Leg(ledger.available(giver), -3), Leg(ledger.available(taker), 2), Leg(ledger.ADJUSTMENTS, 1)],
        )


def test_opposite_transfers_neither_deadlock_nor_lose_a_posting():
    """L5, scaled: 32 connections of 50 transfers each; SURVIVE has 16 of 1,000."""
    threads, rounds = 32, 50 * TIMES
    one, other = make_agent(funds=10_000 * TIMES), make_agent(funds=10_000 * TIMES)
    outcomes = race([partial(exchange, one, other, number, rounds) for number in range(threads)])
    assert losers(outcomes) == []
    assert Transfer.objects.filter(key__startswith="exchange:").count() == threads * rounds
    assert balance(one).available + balance(other).available == 20_000 * TIMES - threads * rounds


UNORDERED_POST = """
    CREATE FUNCTION pg_temp.unordered_post(transfer uuid, transfer_key text, giver uuid, taker uuid) RETURNS void
    LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO wallets_transfer (id, kind, key) VALUES (transfer, 'ADJUSTMENT', transfer_key);
        INSERT INTO wallets_entry (transfer_id, account_id, amount)
        SELECT transfer, account.id, legs.amount + 0 * length(pg_sleep(0.2)::text)
          FROM (VALUES (1, giver, -1), (2, taker, 1)) AS legs(number, owner, amount)
          JOIN wallets_account account ON account.owner_id = legs.owner
         ORDER BY legs.number;
    END
    $$;
"""


def test_transfers_that_lock_in_any_order_do_deadlock():
    """Negative control of L5: the same postings, giver first."""

    def unordered(giver: Agent, taker: Agent) -> None:
        with connection.cursor() as cursor:
            cursor.execute(UNORDERED_POST)
            cursor.execute(
                "SELECT pg_temp.unordered_post(gen_random_uuid(), %s, %s, %s)", [giver.handle, giver.pk, taker.pk]
            )

    agents = [make_agent(funds=100), make_agent(funds=100)]
    outcomes = race([partial(unordered, giver, taker) for giver, taker in pairwise([*agents, agents[0]])])
    assert [type(loser) for loser in losers(outcomes)] == [OperationalError]
    assert "deadlock detected" in str(losers(outcomes)[0])


class Requests:
    """The same person many times over HTTP, each request on a connection of its own."""

    def __init__(self, base_url: str, agent: Agent) -> None:
        _, self.key = mint_api_key(agent=agent, name="race", actor=agent)
        self.base_url = base_url

    def post(self, path: str) -> httpx2.Response:
        return httpx2.post(f"{self.base_url}/v1{path}", headers={"X-Api-Key": self.key}, timeout=60)


def test_a_job_is_given_away_once_over_http(live_server, poster, bidders):
    """L1: 32 requests accept two bids at once."""
    over_http = Requests(live_server.url, poster)
    for _ in range(2 * TIMES):
        job, offers = two_bids(poster, bidders)
        paths = [f"/jobs/{job.pk}/bids/{offer.pk}/accept" for offer in offers] * 16
        outcomes = race_over_http(over_http, paths)
        statuses = sorted(response.status_code for response in outcomes)
        assert statuses[0] in {200, 201} and statuses[1:] == [409] * 31
        refusals = [response.json() for response in outcomes if response.status_code == 409]
        assert {refusal["code"] for refusal in refusals} <= {"WRONG_STATUS", "BID_NOT_PENDING"}
        assert {refusal["currentStatus"] for refusal in refusals} <= {"ASSIGNED", "REJECTED", "ACCEPTED"}
        assert (escrow_balance(job), count("job.assigned", job), count("bid.accepted", job)) == (PRICE, 1, 1)


def test_a_balance_that_covers_one_job_pays_for_one_over_http(live_server, bidders):
    """L2: 32 accepts of 32 jobs."""
    poor = make_person("Poor", funds=PRICE)
    offers = [make_bid(open_job(poor), bidders[0], PRICE) for _ in range(32)]
    outcomes = race_over_http(
        Requests(live_server.url, poor), [f"/jobs/{offer.job_id}/bids/{offer.pk}/accept" for offer in offers]
    )
    statuses = sorted(response.status_code for response in outcomes)
    assert statuses[0] in {200, 201} and statuses[1:] == [402] * 31
    assert (balance(poor).available, balance(poor).held) == (0, PRICE)


def race_over_http(requests: Requests, paths: list[str]) -> list[httpx2.Response]:
    return race([partial(requests.post, path) for path in paths], with_database=False)


def test_losers_are_told_what_they_may_do(poster, bidders):
    _, offers = two_bids(poster, bidders)
    accept_bid(bid=offers[0], actor=poster)
    with pytest.raises(WrongStatus) as refusal:
        accept_bid(bid=offers[1], actor=poster)
    assert refusal.value.extra == {"currentStatus": "ASSIGNED", "availableActions": ["cancel", "propose-change"]}
