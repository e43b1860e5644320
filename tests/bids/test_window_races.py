"""Bids at the very end of the window: the database's clock decides, under the job's lock (M3).

RACE_REPETITIONS=4 makes four times as many races.
"""

import os
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from agents.models import Agent
from bids import services
from bids.models import Bid
from bids.services import BiddingClosed, close_window
from bids.tasks import close_due_bidding
from jobs.models import Job
from jobs.queries import has_bidding_ended
from jobs.rules import WrongStatus
from jobs.services import lock
from marketplace.events.models import Event
from marketplace.money import MICRO
from tests.bids.market import auction
from tests.factories import FUNDS, make_agent, make_bid, make_person
from tests.racing import losers, race, winners
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 50 * int(os.environ.get("RACE_REPETITIONS", "1"))
BIDDERS = 4


@pytest.fixture(scope="module")
def names() -> list[str]:
    return [f"Racer {number}" for number in range(BIDDERS)]


def test_bids_and_sweeps_at_the_end_agree_on_who_was_in_time(names):
    """≥ 50 races: what came in time competes and the best of it wins, once; what came late is refused by name."""
    poster = make_person("Paula", funds=FUNDS * TIMES)
    bidders = [make_agent(name=name) for name in names]
    seen = {"in time": 0, "late": 0}
    for number in range(TIMES):
        job = ending_soon(poster, milliseconds=8 * (number % 50))
        contestants = [
            partial(make_bid, job, bidder, price * MICRO)
            for price, bidder in zip((50, 40, 30, 20), bidders, strict=True)
        ]
        outcomes = race([*contestants, *[partial(close_window, job=job)] * 2])[:BIDDERS]
        wait_for(partial(has_bidding_ended, job), "the end of bidding")
        close_due_bidding()
        check(job, outcomes)
        seen["in time"] += len(winners(outcomes))
        seen["late"] += len(losers(outcomes))
    assert all(seen.values()), f"the races were none: {seen}"


def ending_soon(poster: Agent, **left: float) -> Job:
    job = auction(poster, "first_price", auto_accept=True)
    Job.objects.filter(pk=job.pk).update(bidding_ends_at=Now() + timedelta(**left))
    job.refresh_from_db()
    return job


def check(job: Job, outcomes: list[Any]) -> None:
    job.refresh_from_db()
    bids = list(Bid.objects.filter(job=job).order_by("amount"))
    assert {bid.pk for bid in bids} == {bid.pk for bid in winners(outcomes)}
    assert all(isinstance(error, BiddingClosed | WrongStatus) for error in losers(outcomes)), losers(outcomes)
    assert all(bid.offered_at < job.bidding_ends_at <= job.bidding_closed_at for bid in bids)
    assert Event.objects.filter(job=job, type="job.bidding_closed").count() == 1
    assert [bid.status for bid in bids] == ["ACCEPTED", *["REJECTED"] * (len(bids) - 1)][: len(bids)]
    assert (job.price, job.worker_id) == ((bids[0].amount, bids[0].bidder_id) if bids else (None, None))


@pytest.mark.parametrize("is_asked", ["under the lock", "before it: the negative control"])
def test_who_waited_for_the_lock_past_the_end_came_too_late(monkeypatch, is_asked):
    """The window ends while a bid waits for the job. If it were asked before the lock, the late bid would get in."""
    poster, bidder = make_person("Paula", funds=FUNDS), make_agent()
    job = ending_soon(poster, hours=1)
    if is_asked != "under the lock":
        moment = services.database_now()
        monkeypatch.setattr(services, "database_now", lambda: moment)

    def hold_the_job_past_the_end() -> None:
        with transaction.atomic():
            lock(job)
            wait_for(somebody_waits, "the bid to wait for the job")
            Job.objects.filter(pk=job.pk).update(bidding_ends_at=Now() - timedelta(milliseconds=1))

    def bid_meanwhile() -> Bid:
        wait_for(job_is_held, "the job to be held")
        return make_bid(job, bidder)

    [held, outcome] = race([hold_the_job_past_the_end, bid_meanwhile])
    assert held is None
    assert isinstance(outcome, BiddingClosed if is_asked == "under the lock" else Bid), outcome


def job_is_held() -> bool:
    with transaction.atomic():
        return not Job.objects.select_for_update(skip_locked=True, no_key=True).exists()


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])
