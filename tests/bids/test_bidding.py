"""Bids: who may offer, what becomes of the offers, who reads them (J9)."""

import pytest
from django.db import IntegrityError, transaction

from agents.models import Agent
from agents.services import create_agent, update_agent
from bids.models import Bid
from bids.queries import visible_bids
from bids.services import AlreadyBid, BidNotPending, accept_bid, hire_agent, place_bid, withdraw_bid
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.rules import WrongStatus
from marketplace.errors import Invalid, NotAllowed
from marketplace.events.models import Event
from marketplace.money import format_usdc
from tests.factories import BUDGET, FUNDS, PRICE, assigned_job, draft_job, make_agent, make_bid, make_person, open_job
from tests.fixtures import api_for
from wallets.queries import balance, escrow_balance

pytestmark = pytest.mark.django_db


def told(agent: Agent) -> list[str]:
    """What the agent was told of bids, oldest first."""
    events = Event.objects.filter(type__startswith="bid.", audience__contains=[agent.pk])
    return list(events.order_by("id").values_list("type", flat=True))


def bid_count(job: Job) -> int:
    return Job.objects.get(pk=job.pk).bid_count


def test_a_bid_is_an_offer_that_binds_nobody(poster, worker):
    job = open_job(poster)
    bid = place_bid(job=job, bidder=worker, amount=PRICE, actor=worker, cover_letter="I can.", eta_minutes=60)
    assert (bid.status, bid.amount, bid.cover_letter, bid.eta_minutes) == ("PENDING", PRICE, "I can.", 60)
    assert (bid_count(job), balance(poster).available, told(poster)) == (1, FUNDS, ["bid.received"])


@pytest.mark.parametrize("amount", [1, BUDGET])
def test_any_amount_up_to_the_budget_may_be_offered(poster, worker, amount):
    assert make_bid(open_job(poster), worker, amount).amount == amount


def test_more_than_the_budget_is_refused(poster, worker):
    job = open_job(poster)
    with pytest.raises(Invalid, match=r"100\.00") as refusal:
        make_bid(job, worker, BUDGET + 1)
    assert [error.field for error in refusal.value.errors] == ["amount"]
    assert bid_count(job) == 0


@pytest.mark.parametrize("amount", [0, -1])
def test_the_database_refuses_an_offer_of_nothing(poster, worker, amount):
    job = open_job(poster)
    with pytest.raises(IntegrityError, match="bid_amount_positive"), transaction.atomic():
        make_bid(job, worker, amount)


def test_nobody_bids_on_a_job_of_their_own(poster):
    """M1: not the poster, nor an agent of the same owner, nor the owner on a job of the agent."""
    mine = create_agent(actor=poster, name="Mine")
    job = open_job(poster)
    for bidder in (poster, mine):
        with pytest.raises(NotAllowed):
            make_bid(job, bidder)
    with pytest.raises(NotAllowed):
        make_bid(open_job(mine), poster)
    with pytest.raises(NotAllowed):
        hire_agent(job=job, agent=mine, actor=poster)


def test_an_owner_bids_for_an_agent_and_nobody_else_does(poster, outsider):
    owner = make_person("Owen")
    agent = make_agent(owner)
    job = open_job(poster)
    for stranger in (outsider, poster):
        with pytest.raises(NotAllowed):
            place_bid(job=job, bidder=agent, amount=PRICE, actor=stranger)
    assert place_bid(job=job, bidder=agent, amount=PRICE, actor=owner).bidder == agent


def test_one_hand_bids_once(poster, worker, problem):
    """J9: a person's agents, and the person, do not bid against each other; the refusal names the one that has bid."""
    owner = worker.owner.agent
    sibling = create_agent(actor=owner, name="Sibling")
    job = open_job(poster)
    bid = make_bid(job, worker)
    for bidder in (sibling, owner):
        refusal = api_for(bidder).post(f"/jobs/{job.pk}/bids", {"amount": "5"})
        assert problem(refusal)[:2] == (409, "ALREADY_BID")
        assert worker.handle in refusal.json()["detail"]
    withdraw_bid(bid=bid, actor=worker)
    assert make_bid(job, sibling).bidder == sibling
    assert make_bid(job, make_agent()).status == "PENDING", "a stranger's bids are their own"


def test_one_hand_does_not_lower_anothers_bid(poster, worker):
    job = open_job(poster, terms={"bidding": "reverse_auction"})
    make_bid(job, worker, PRICE)
    with pytest.raises(AlreadyBid, match=worker.handle):
        make_bid(job, create_agent(actor=worker.owner.agent, name="Sibling"), PRICE - 1)
    assert make_bid(job, worker, PRICE - 1).version == 2


def test_one_offer_at_a_time(poster, worker):
    job = open_job(poster)
    bid = make_bid(job, worker)
    with pytest.raises(AlreadyBid):
        make_bid(job, worker, PRICE - 1)
    withdraw_bid(bid=bid, actor=worker)
    assert make_bid(job, worker, PRICE - 1).amount == PRICE - 1
    assert bid_count(job) == 1


@pytest.mark.parametrize("status", [Agent.Status.PAUSED, Agent.Status.SUSPENDED, Agent.Status.PENDING_CLAIM])
def test_an_agent_that_is_not_active_neither_bids_nor_is_hired(poster, worker, status):
    job = open_job(poster)
    bid = make_bid(job, worker)
    Agent.objects.filter(pk=worker.pk).update(status=status)
    with pytest.raises(BidNotPending):
        accept_bid(bid=bid, actor=poster)
    with pytest.raises(BidNotPending):
        hire_agent(job=job, agent=worker, actor=poster)
    worker.refresh_from_db()
    for act in (make_bid, lambda job, agent: hire_agent(job=job, agent=agent, actor=poster)):
        with pytest.raises((NotAllowed, Invalid)):
            act(open_job(poster), worker)
    assert balance(poster).held == 0


def test_a_paused_agent_that_resumes_may_bid(poster, worker):
    worker = update_agent(agent=worker, actor=worker, status="PAUSED")
    worker = update_agent(agent=worker, actor=worker, status="ACTIVE")
    assert make_bid(open_job(poster), worker)


def test_the_chosen_offer_is_taken_and_the_others_are_rejected(poster, worker, outsider):
    job = open_job(poster)
    chosen, other = make_bid(job, worker), make_bid(job, outsider)
    accepted = accept_bid(bid=chosen, actor=poster)
    other.refresh_from_db()
    assert (accepted.status, other.status) == ("ACCEPTED", "REJECTED")
    assert (accepted.job.status, accepted.job.worker, accepted.job.price) == (Status.ASSIGNED, worker, PRICE)
    assert escrow_balance(job) == PRICE
    assert (told(worker), told(outsider)) == (["bid.accepted"], ["bid.rejected"])


def test_only_the_poster_takes_an_offer(poster, worker, outsider):
    bid = make_bid(open_job(poster), worker)
    for stranger in (worker, outsider):
        with pytest.raises(NotAllowed):
            accept_bid(bid=bid, actor=stranger)
    assert Bid.objects.get().status == "PENDING"


def test_an_offer_taken_back_cannot_be_taken(poster, worker):
    job = open_job(poster)
    bid = withdraw_bid(bid=make_bid(job, worker), actor=worker, reason="No time.")
    assert (bid.status, bid.reason, bid_count(job)) == ("WITHDRAWN", "No time.", 0)
    with pytest.raises(BidNotPending) as refusal:
        accept_bid(bid=bid, actor=poster)
    assert refusal.value.extra == {"currentStatus": "WITHDRAWN"}
    with pytest.raises(BidNotPending):
        withdraw_bid(bid=bid, actor=worker)


def test_an_offer_that_was_taken_cannot_be_taken_back(poster, worker):
    bid = accept_bid(bid=make_bid(open_job(poster), worker), actor=poster)
    with pytest.raises(BidNotPending):
        withdraw_bid(bid=bid, actor=worker)


def test_nobody_takes_back_the_offer_of_another(poster, worker, outsider):
    bid = make_bid(open_job(poster), worker)
    for stranger in (poster, outsider):
        with pytest.raises(NotAllowed):
            withdraw_bid(bid=bid, actor=stranger)


def test_an_agent_is_hired_at_its_offer_or_else_at_the_budget(poster, worker, outsider):
    job = open_job(poster)
    make_bid(job, worker)
    assert hire_agent(job=job, agent=worker, actor=poster).price == PRICE
    assert hire_agent(job=open_job(poster), agent=outsider, actor=poster).price == BUDGET


def test_a_draft_takes_no_bids_and_neither_does_an_assigned_job(poster, worker, outsider):
    for job in (draft_job(poster), assigned_job(poster, worker)):
        with pytest.raises(WrongStatus):
            make_bid(job, outsider)


def test_bids_are_read_by_the_poster_and_each_by_its_bidder(poster, worker, outsider):
    job = open_job(poster)
    owner = make_person("Owen")
    agent = make_agent(owner)
    mine, other = make_bid(job, agent), make_bid(job, worker)
    readers = {poster: {mine, other}, agent: {mine}, owner: {mine}, worker: {other}, outsider: set(), None: set()}
    for reader, bids in readers.items():
        assert set(visible_bids(job, reader)) == bids, reader


@pytest.mark.parametrize(
    "sql",
    [
        {"status": "ACCEPTED"},
        {"status": "PENDING", "bidder": "the same"},
    ],
)
def test_the_database_keeps_one_accepted_and_one_standing_offer(poster, worker, outsider, sql):
    """L6"""
    job = open_job(poster)
    other = make_bid(job, outsider)
    accept_bid(bid=make_bid(job, worker), actor=poster)
    changes = {**sql, **({"bidder": worker} if "bidder" in sql else {})}
    with pytest.raises(IntegrityError, match="bid_one_"), transaction.atomic():
        Bid.objects.filter(pk=other.pk).update(**changes)


def test_who_had_the_lowest_offer_is_told_of_a_lower_one_and_of_no_amount(poster):
    """S16: bid.outbid. Amounts are the poster's to see, so the event holds only the bidder's own."""
    first, second, third = (make_agent(name=name) for name in ("First", "Second", "Third"))
    job = open_job(poster)
    make_bid(job, first, PRICE)
    make_bid(job, second, PRICE)
    assert "bid.outbid" not in told(first) + told(second), "the same amount is not lower, and came later"
    make_bid(job, third, PRICE - 1)
    assert [told(agent).count("bid.outbid") for agent in (first, second, third)] == [1, 0, 0]
    event = Event.objects.get(type="bid.outbid")
    assert (event.actor, event.data["agentId"]) == (None, first.handle)
    assert third.handle not in str(event.data)
    assert format_usdc(PRICE - 1) not in str(event.data)


def test_who_was_told_of_a_lower_offer_is_not_told_again_until_they_bid_again(poster):
    """Or somebody who bids and withdraws in turn would fill their mail."""
    first, second = (make_agent(name=name) for name in ("First", "Second"))
    job = open_job(poster)
    bid = make_bid(job, first, PRICE)
    for _ in range(3):
        withdraw_bid(bid=make_bid(job, second, PRICE - 1), actor=second)
    assert told(first).count("bid.outbid") == 1
    withdraw_bid(bid=bid, actor=first)
    make_bid(job, first, PRICE)
    make_bid(job, second, PRICE - 1)
    assert told(first).count("bid.outbid") == 2
