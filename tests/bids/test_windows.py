"""The end of bidding: by the database's clock, by whoever comes first, once (M3)."""

import pytest

from agents.models import Agent, User
from agents.services import set_suspension
from bids.models import Bid
from bids.services import BiddingClosed, BidNotPending, accept_bid, close_window, hire_agent, withdraw_bid
from bids.tasks import close_due_bidding
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.rules import WrongStatus
from jobs.services import update_job
from jobs.tasks import expire_due_jobs
from marketplace.errors import Invalid
from marketplace.events.models import Event
from marketplace.money import MICRO
from tests.bids.market import HOUR, auction, end_bidding
from tests.factories import FUNDS, draft_job, fund, make_agent, make_bid, make_person, open_job
from wallets.queries import balance, escrow_balance

pytestmark = pytest.mark.django_db


def told(job: Job, type: str) -> list[Event]:
    return list(Event.objects.filter(job=job, type=type).order_by("id"))


def state(job: Job) -> tuple[str, str | None]:
    job.refresh_from_db()
    return job.status, job.worker.handle if job.worker else None


def test_the_window_begins_when_the_job_is_published(poster):
    assert draft_job(poster, terms={"bidding_window_seconds": HOUR}).bidding_ends_at is None
    job = auction(poster)
    assert (job.bidding_ends_at - job.published_at).total_seconds() == HOUR


def test_a_bid_after_the_end_is_refused_by_name_swept_or_not(poster, worker, worker_api, problem):
    job = end_bidding(auction(poster))
    with pytest.raises(BiddingClosed):
        make_bid(job, worker)
    assert close_due_bidding() == 0, "the refused bid had closed it"
    response = worker_api.post(f"/jobs/{job.pk}/bids", {"amount": "5"})
    assert problem(response)[:2] == (409, "BIDDING_CLOSED")
    assert response.json()["biddingEndsAt"]
    assert job.bids.count() == 0


def test_a_late_bid_is_late_also_when_the_job_is_given_away(poster, worker, outsider):
    job = auction(poster, auto_accept=True)
    make_bid(job, worker)
    end_bidding(job)
    assert close_due_bidding() == 1
    assert state(job) == (Status.ASSIGNED, worker.handle)
    with pytest.raises(BiddingClosed):
        make_bid(job, outsider)


@pytest.mark.parametrize("changes", [{"title": "Another"}, {"description": "Another."}, {"input_data": {"a": 1}}])
def test_what_is_asked_stays_once_a_bid_may_be_taken_by_itself(poster, worker, changes):
    """Or a bidder would be bound to what it has not read."""
    job = auction(poster, auto_accept=True)
    update_job(job=job, actor=poster, **changes)
    bid = make_bid(job, worker)
    other = {name: {"b": 2} if name == "input_data" else "Yet another" for name in changes}
    with pytest.raises(Invalid, match="cancel the job and post it anew") as refusal:
        update_job(job=job, actor=poster, **other)
    assert [error.field.lower() for error in refusal.value.errors] == [name.replace("_", "") for name in changes]
    update_job(job=job, actor=poster, vertical="errands")
    assert set(told(job, "job.updated")[-1].audience) == {poster.pk, worker.pk}
    withdraw_bid(bid=bid, actor=worker)
    update_job(job=job, actor=poster, **other)
    assert told(job, "job.updated")[-1].audience == [poster.pk]


def test_the_sweep_closes_each_window_once(poster, worker):
    due, running = auction(poster), auction(poster)
    make_bid(due, worker)
    end_bidding(due)
    assert [close_due_bidding(), close_due_bidding()] == [1, 0]
    assert [event.data["bidCount"] for event in told(due, "job.bidding_closed")] == [1]
    assert told(running, "job.bidding_closed") == []
    assert close_window(job=running).bidding_closed_at is None


@pytest.mark.parametrize("bidding", ["open", "reverse_auction", "first_price", "sealed_bid", "reputation_weighted"])
def test_the_best_bid_wins_by_itself(poster, worker, outsider, bidding):
    job = auction(poster, bidding, auto_accept=True)
    make_bid(job, worker, 60 * MICRO)
    make_bid(job, outsider, 50 * MICRO)
    end_bidding(job)
    assert close_due_bidding() == 1
    assert state(job) == ("ASSIGNED", outsider.handle)
    assert (job.price, escrow_balance(job)) == (50 * MICRO, 50 * MICRO)
    assert {bid.bidder_id: bid.status for bid in job.bids.all()} == {worker.pk: "REJECTED", outsider.pk: "ACCEPTED"}
    [assigned] = told(job, "job.assigned")
    assert assigned.actor is None


def test_without_the_term_the_poster_chooses_after_the_end(poster, worker, outsider):
    job = auction(poster)
    dear, _ = make_bid(job, worker, 60 * MICRO), make_bid(job, outsider, 50 * MICRO)
    end_bidding(job)
    close_due_bidding()
    assert state(job) == ("OPEN", None)
    accept_bid(bid=dear, actor=poster)
    assert state(job) == ("ASSIGNED", worker.handle)


def test_a_window_without_bids_leaves_the_job_open(poster):
    job = end_bidding(auction(poster, auto_accept=True))
    close_due_bidding()
    assert state(job) == ("OPEN", None)
    assert [event.data["bidCount"] for event in told(job, "job.bidding_closed")] == [0]


def test_who_cannot_pay_is_told_and_nothing_is_half_done(worker):
    poor = make_person("Poor", funds=PRICE_TOO_HIGH - 1)
    job = auction(poor, auto_accept=True)
    bid = make_bid(job, worker, PRICE_TOO_HIGH)
    end_bidding(job)
    assert close_due_bidding() == 1
    assert state(job) == ("OPEN", None)
    assert (Bid.objects.get().status, balance(poor).held, told(job, "job.assigned")) == ("PENDING", 0, [])
    [failed] = told(job, "job.award_failed")
    assert (failed.audience, "79.99" in failed.data["reason"]) == ([poor.pk], True)
    assert close_due_bidding() == 0
    fund(poor, 1)
    accept_bid(bid=bid, actor=poor)
    assert state(job) == ("ASSIGNED", worker.handle)


PRICE_TOO_HIGH = 80 * MICRO


def test_a_suspended_poster_hires_nobody(poster, worker):
    job = auction(poster, auto_accept=True)
    make_bid(job, worker)
    operator = make_person("Olive", is_staff=True)
    set_suspension(agent=poster, suspended=True, actor=operator)
    end_bidding(job)
    close_due_bidding()
    assert state(job) == ("CANCELLED", None)
    assert not told(job, "job.award_failed")


def test_a_winner_who_is_away_makes_room_for_the_next(poster, worker, outsider):
    job = auction(poster, auto_accept=True)
    make_bid(job, worker, 50 * MICRO)
    make_bid(job, outsider, 60 * MICRO)
    Agent.objects.filter(pk=worker.pk).update(status="PAUSED")
    end_bidding(job)
    close_due_bidding()
    assert state(job) == ("ASSIGNED", outsider.handle)


def test_nobody_wins_whose_owner_is_suspended(poster, worker):
    """Its keys open nothing, so nobody would do the work."""
    job = auction(poster, auto_accept=True)
    barred = make_agent(make_person("Olga"))
    best, next_best = make_bid(job, barred, MICRO), make_bid(job, worker, 2 * MICRO)
    operator = make_person("Otto", is_staff=True)
    set_suspension(agent=barred.owner.agent, suspended=True, actor=operator)
    with pytest.raises(BidNotPending, match="SUSPENDED"):
        accept_bid(bid=best, actor=poster)
    with pytest.raises(Invalid, match="SUSPENDED"):
        hire_agent(job=open_job(poster), agent=Agent.objects.get(pk=barred.pk), actor=poster)
    end_bidding(job)
    close_window(job=job)
    next_best.refresh_from_db()
    assert next_best.status == "ACCEPTED"


def test_no_agent_hires_by_the_clock_while_its_owner_is_suspended(worker):
    """The money is the owner's."""
    boss = make_person("Olga")
    job = auction(make_agent(boss, funds=FUNDS), auto_accept=True)
    make_bid(job, worker)
    set_suspension(agent=boss, suspended=True, actor=make_person("Otto", is_staff=True))
    end_bidding(job)
    close_window(job=job)
    assert state(job) == ("OPEN", None)
    assert told(job, "job.award_failed")


def test_nobody_wins_whose_account_operators_have_closed(poster, worker):
    """As `barred_agents` has it, whose keys open nothing."""
    job = auction(poster, auto_accept=True)
    barred = make_agent(make_person("Olga"))
    make_bid(job, barred, MICRO)
    make_bid(job, worker, 2 * MICRO)
    User.objects.filter(pk=barred.owner_id).update(is_active=False)
    end_bidding(job)
    close_window(job=job)
    assert state(job) == ("ASSIGNED", worker.handle)


def test_when_all_are_away_the_poster_is_told(poster, worker):
    job = auction(poster, auto_accept=True)
    make_bid(job, worker)
    Agent.objects.filter(pk=worker.pk).update(status="PAUSED")
    end_bidding(job)
    close_due_bidding()
    assert (state(job), len(told(job, "job.award_failed"))) == (("OPEN", None), 1)


@pytest.mark.parametrize("request_of", ["bid", "withdrawal", "acceptance", "hiring"])
def test_a_request_after_the_end_finds_the_winner_chosen(poster, worker, outsider, request_of):
    """Whoever comes before the sweep cannot change what the clock has decided."""
    job = auction(poster, auto_accept=True)
    best, other = make_bid(job, worker, 50 * MICRO), make_bid(job, outsider, 60 * MICRO)
    job = end_bidding(job)
    best.job = other.job = job
    requests = {
        "bid": lambda: make_bid(job, make_agent(), 1 * MICRO),
        "withdrawal": lambda: withdraw_bid(bid=best, actor=worker),
        "acceptance": lambda: accept_bid(bid=other, actor=poster),
        "hiring": lambda: hire_agent(job=job, agent=outsider, actor=poster),
    }
    with pytest.raises((BiddingClosed, BidNotPending, WrongStatus)):
        requests[request_of]()
    assert state(job) == ("ASSIGNED", worker.handle)


def test_bidding_ends_before_the_deadline(poster, worker, poster_api, problem):
    with pytest.raises(Invalid) as refusal:
        auction(poster, window=31 * 24 * HOUR)
    assert [error.field for error in refusal.value.errors] == ["terms.biddingWindowSeconds"]
    job = auction(poster)
    with pytest.raises(Invalid) as refusal:
        update_job(job=job, actor=poster, deadline_at=job.bidding_ends_at)
    assert [error.field for error in refusal.value.errors] == ["deadlineAt"]


def test_a_clock_that_comes_after_the_deadline_still_awards_before_it_expires(poster, worker):
    """The sweeps may have been down: what the Terms promised bidders comes first."""
    job = auction(poster, auto_accept=True)
    make_bid(job, worker)
    end_bidding(job, hours=2)
    Job.objects.filter(pk=job.pk).update(deadline_at=job.bidding_ends_at)
    assert expire_due_jobs() == 0
    assert close_due_bidding() == 1
    assert state(job) == ("ASSIGNED", worker.handle)


def test_a_job_nobody_won_expires_after_its_window(poster):
    job = end_bidding(auction(poster), hours=2)
    Job.objects.filter(pk=job.pk).update(deadline_at=job.bidding_ends_at)
    assert [expire_due_jobs(), close_due_bidding(), expire_due_jobs()] == [0, 1, 1]
    assert state(job)[0] == Status.CANCELLED
