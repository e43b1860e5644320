"""Bid credits (FEATURES J10): some free each month, more for money, one for each bid, back when a job ends unfilled."""

import re
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any
from uuid import uuid4

import pgtrigger
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from bids.credits import services
from bids.credits.models import BidCredits, CreditMovement
from bids.credits.queries import allowance
from bids.credits.services import MOST_AT_ONCE, BidCreditsExhausted, buy_credits
from bids.models import Bid
from bids.services import AlreadyBid, accept_bid, hire_agent, place_bid, withdraw_bid
from jobs.models import Job
from jobs.services import cancel_job, expire_job
from marketplace.errors import Invalid, NotAllowed
from marketplace.money import MICRO
from tests.factories import PRICE, fund, make_agent, make_bid, make_person, open_job
from tests.jobs.test_clock import overdue
from tests.oracle import assert_books_sound
from tests.pages import client_of, text_of
from tests.racing import losers, race, winners
from wallets.queries import balance

PRICE_PER_BID = 100_000


@pytest.fixture(autouse=True)
def three_free_bids(settings: Any) -> None:
    settings.BID_CREDITS_MONTHLY = 3
    settings.BID_CREDIT_PRICE = PRICE_PER_BID


def left(agent: Agent) -> tuple[int, int]:
    """Free ones of this month, and bought ones."""
    now = allowance(agent)
    return now.free_remaining, now.paid


def bid_on(poster: Agent, agent: Agent, times: int = 1) -> list[Bid]:
    return [make_bid(open_job(poster), agent) for _ in range(times)]


def set_back_a_month(agent: Agent) -> None:
    """The agent placed its last bid in the month before this one."""
    credits = BidCredits.objects.get(pk=agent.pk)
    last_month = (credits.month - timedelta(days=1)).replace(day=1)
    BidCredits.objects.filter(pk=agent.pk).update(month=last_month)
    with pgtrigger.ignore("credits.CreditMovement:append_only_credits"):
        CreditMovement.objects.filter(agent=agent, month=credits.month).update(month=last_month)


def test_free_ones_first_then_bought_ones_then_none(poster, worker):
    fund(worker, MICRO)
    buy_credits(agent=worker, actor=worker, quantity=1, key="k")
    seen = []
    for _ in range(4):
        bid_on(poster, worker)
        seen.append(left(worker))
    assert seen == [(2, 1), (1, 1), (0, 1), (0, 0)]
    job = open_job(poster)
    with pytest.raises(BidCreditsExhausted, match=r"The 3 free bids of this month are used up.*0\.10 USDC each") as no:
        make_bid(job, worker)
    assert (no.value.status, no.value.extra["pricePerBidUsdc"]) == (402, "0.10")
    assert no.value.extra["resetsAt"].endswith("-01T00:00:00.000Z")
    assert (Job.objects.get(pk=job.pk).bid_count, job.bids.count(), left(worker)) == (0, 0, (0, 0))


def test_a_refused_bid_costs_nothing(poster, worker):
    [bid] = bid_on(poster, worker)
    with pytest.raises(AlreadyBid):
        make_bid(bid.job, worker)
    with pytest.raises(NotAllowed):
        place_bid(job=open_job(poster), bidder=worker, amount=PRICE, actor=poster)
    assert left(worker) == (2, 0)


def test_each_agent_has_its_own(poster, worker):
    """Also those of one owner."""
    owner = make_person("Olga")
    one, other = make_agent(owner), make_agent(owner)
    bid_on(poster, one, 3)
    assert (left(one), left(other), left(owner), left(worker)) == ((0, 0), (3, 0), (3, 0), (3, 0))


def test_a_new_month_begins_with_all_free_ones(poster, worker):
    """By the database's clock; bought ones stay."""
    fund(worker, MICRO)
    buy_credits(agent=worker, actor=worker, quantity=2, key="k")
    bid_on(poster, worker, 4)
    assert left(worker) == (0, 1)
    set_back_a_month(worker)
    assert left(worker) == (3, 1)
    bid_on(poster, worker)
    assert left(worker) == (2, 1)


@pytest.mark.parametrize("end", [lambda job: cancel_job(job=job, actor=job.poster), lambda job: expire_job(job=job)])
def test_a_job_that_ends_without_a_worker_gives_credits_back_to_where_they_came_from(poster, worker, outsider, end):
    fund(worker, MICRO)
    buy_credits(agent=worker, actor=worker, quantity=1, key="k")
    bid_on(poster, worker, 2)
    job, paid_for = overdue(open_job(poster)), open_job(poster)
    Job.objects.filter(pk=job.pk).update(deadline_at=job.created_at + timedelta(days=1))
    make_bid(job, worker)
    make_bid(job, outsider)
    make_bid(paid_for, worker)
    assert (left(worker), left(outsider)) == ((0, 0), (2, 0))
    end(overdue(job))
    assert (left(worker), left(outsider)) == ((1, 0), (3, 0))
    end(overdue(paid_for))
    assert left(worker) == (1, 1)


def test_a_free_credit_of_another_month_comes_back_as_a_bought_one(poster, worker):
    [bid] = bid_on(poster, worker)
    set_back_a_month(worker)
    cancel_job(job=bid.job, actor=poster)
    assert left(worker) == (3, 1)


def test_what_was_lost_or_taken_back_is_not_refunded(poster, worker, outsider):
    """The job found its worker, or the bidder changed its mind."""
    job = open_job(poster)
    make_bid(job, outsider)
    withdrawn = open_job(poster)
    withdraw_bid(bid=make_bid(withdrawn, worker), actor=worker)
    accept_bid(bid=make_bid(job, worker), actor=poster)
    cancel_job(job=withdrawn, actor=poster)
    assert (left(worker), left(outsider)) == ((1, 0), (2, 0))


def test_a_job_given_up_before_work_began_gives_credits_back_though_it_had_a_worker(poster, worker, outsider):
    """The one that was chosen and those that lost to it bid for nothing; and nothing comes back twice."""
    job = open_job(poster)
    make_bid(job, outsider)
    accept_bid(bid=make_bid(job, worker), actor=poster)
    assert (left(worker), left(outsider)) == ((2, 0), (2, 0))
    cancel_job(job=job, actor=poster)
    assert (left(worker), left(outsider)) == ((3, 0), (3, 0))
    assert CreditMovement.objects.filter(kind="REFUNDED").count() == 2


@pytest.mark.parametrize(
    ("refunds", "back"), [(("cancelled", "expired"), (3, 3)), (("expired",), (2, 3)), ((), (2, 2))]
)
def test_which_ends_of_a_job_give_credits_back_is_a_setting(poster, worker, outsider, settings, refunds, back):
    settings.BID_CREDIT_REFUNDS = frozenset(refunds)
    cancelled, expired = open_job(poster), overdue(open_job(poster))
    Job.objects.filter(pk=expired.pk).update(deadline_at=expired.created_at + timedelta(days=1))
    make_bid(cancelled, worker)
    make_bid(expired, outsider)
    cancel_job(job=cancelled, actor=poster)
    expire_job(job=overdue(expired))
    assert (left(worker)[0], left(outsider)[0]) == back


def test_being_hired_without_a_bid_costs_nothing(poster, worker):
    cancel_job(job=hire_agent(job=open_job(poster), agent=worker, actor=poster), actor=poster)
    assert left(worker) == (3, 0)
    assert not CreditMovement.objects.exists()


def test_buying_pays_from_the_wallet_once_for_a_key(worker):
    fund(worker, MICRO)
    for _ in range(2):
        assert buy_credits(agent=worker, actor=worker, quantity=7, key="k").remaining == 10
    assert (left(worker), balance(worker).available) == ((3, 7), 300_000)
    with pytest.raises(Exception, match="already has that key"):
        buy_credits(agent=worker, actor=worker, quantity=2, key="k")
    with pytest.raises(Exception, match="The wallet holds"):
        buy_credits(agent=worker, actor=worker, quantity=4, key="l")
    assert (left(worker), balance(worker).available) == ((3, 7), 300_000)


def test_who_buys(poster, worker):
    owner = make_person("Olga")
    agent = make_agent(owner, funds=MICRO)
    buy_credits(agent=agent, actor=owner, quantity=1, key="k")
    with pytest.raises(NotAllowed):
        buy_credits(agent=agent, actor=poster, quantity=1, key="l")
    owner.status = Agent.Status.SUSPENDED
    with pytest.raises(NotAllowed, match="suspended"):
        buy_credits(agent=agent, actor=owner, quantity=1, key="m")
    assert (left(agent), balance(agent).available) == ((3, 1), 900_000)


@pytest.mark.parametrize("quantity", [0, -1, MOST_AT_ONCE + 1])
def test_a_quantity_out_of_bounds_is_refused_by_name(worker, quantity):
    with pytest.raises(Invalid) as refusal:
        buy_credits(agent=worker, actor=worker, quantity=quantity, key="k")
    assert [error.field for error in refusal.value.errors] == ["quantity"]


def test_a_bid_takes_the_same_queries_whatever_came_before(poster, worker):
    """Two for the agent's own row, one for the movement; no row that others use."""
    bid_on(poster, worker)
    counts = []
    for _ in range(2):
        job = open_job(poster)
        with CaptureQueriesContext(connection) as queries:
            make_bid(job, worker)
        counts.append(sum("credits_" in query["sql"] for query in queries))
    assert counts == [3, 3]


def test_a_refund_takes_the_same_queries_for_any_number_of_bids(poster):
    counts = []
    for bidders in (1, 3):
        job = open_job(poster)
        for _ in range(bidders):
            make_bid(job, make_agent())
        with CaptureQueriesContext(connection) as queries:
            cancel_job(job=job, actor=poster)
        counts.append(sum("credits_" in query["sql"] for query in queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("change", [{"amount": -5}, {"kind": "BOUGHT"}, {"key": "other"}])
def test_movements_are_kept_as_they_are(poster, worker, change):
    bid_on(poster, worker)
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        CreditMovement.objects.update(**change)
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        CreditMovement.objects.all().delete()
    with pytest.raises(IntegrityError, match="credit_moves_as_its_kind_says"), transaction.atomic():
        CreditMovement.objects.create(agent=worker, kind="USED", amount=5, key="x")


def test_the_form_says_how_many_are_left(poster, worker):
    bidder = make_person("Bea", funds=MICRO)
    job, path = open_job(poster), "/jobs/{}/"
    client = client_of(bidder)
    assert "3 of 3 free bids left this month." in text_of(client.get(path.format(job.pk)))
    bid_on(poster, bidder)
    buy_credits(agent=bidder, actor=bidder, quantity=4, key="k")
    assert "2 of 3 free bids left this month, and 4 bought." in text_of(client.get(path.format(job.pk)))
    make_agent(bidder, name="Scribe")
    page = text_of(client.get(path.format(job.pk)))
    assert "Bea: 2 of 3 free bids left this month, and 4 bought; Scribe: 3 of 3 free bids left this month." in page


def test_the_form_says_why_no_more_bids_are_taken(poster):
    bidder = make_person("Bea")
    bid_on(poster, bidder, 3)
    job = open_job(poster)
    refused = client_of(bidder).post(
        f"/jobs/{job.pk}/bids/", {"bidder": bidder.handle, "amount": "5", "eta_unit": "60"}
    )
    assert (refused.status_code, "free bids of this month are used up" in text_of(refused)) == (402, True)


def test_a_person_buys_more_and_a_form_sent_twice_buys_once(poster):
    bidder = make_person("Bea", funds=MICRO)
    client, path = client_of(bidder), f"/agents/{bidder.handle}/bids-left/"
    page = client.get(path)
    assert "Free ones this month 3 of 3" in text_of(page)
    typed = {"quantity": "4", "key": re.findall(r'name="key" value="([^"]+)"', page.content.decode())[0]}
    for _ in range(2):
        assert "Bought; Bea has 7 bids left." in text_of(client.post(path, typed, follow=True))
    assert (left(bidder), balance(bidder).available) == ((3, 4), 600_000)
    for changes, status in (({"quantity": "0"}, 400), ({"quantity": "1000", "key": str(uuid4())}, 402)):
        assert client.post(path, typed | changes).status_code == status
    assert (left(bidder), balance(bidder).available) == ((3, 4), 600_000)
    assert client_of(poster).post(path, typed).status_code == 404


# Races


@pytest.mark.django_db(transaction=True)
def test_the_last_credit_is_used_once():
    """64 bids of one agent on as many jobs at the same moment."""
    poster, worker = make_person("Paula"), make_agent(name="Wanda")
    bid_on(poster, worker, 2)
    jobs = [open_job(poster) for _ in range(64)]
    outcomes = race([partial(make_bid, job, worker) for job in jobs])
    assert len(winners(outcomes)) == 1, outcomes
    assert {type(loser) for loser in losers(outcomes)} == {BidCreditsExhausted}
    assert (left(worker), Bid.objects.filter(bidder=worker).count()) == ((0, 0), 3)


@pytest.mark.django_db(transaction=True)
def test_the_first_bids_of_an_agent_are_counted_each():
    """There is no row to lock yet."""
    poster, worker = make_person("Paula"), make_agent(name="Wanda")
    jobs = [open_job(poster) for _ in range(16)]
    outcomes = race([partial(make_bid, job, worker) for job in jobs])
    assert (len(winners(outcomes)), left(worker)) == (3, (0, 0))
    assert {type(loser) for loser in losers(outcomes)} == {BidCreditsExhausted}


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_last_credit_is_used_often(monkeypatch):
    """Negative control: all read the row before any has written it, and the oracle sees it."""
    poster, worker = make_person("Paula"), make_agent(name="Wanda")
    bid_on(poster, worker, 2)
    jobs = [open_job(poster) for _ in range(8)]
    together = Barrier(len(jobs))

    def read_together(agent_ids: Any) -> dict[Any, BidCredits]:
        found = {pk: BidCredits.objects.get(pk=pk) for pk in agent_ids}
        together.wait(30)
        return found

    monkeypatch.setattr(services, "_lock", read_together)
    assert len(winners(race([partial(make_bid, job, worker) for job in jobs]))) == 8
    with pytest.raises(AssertionError, match="free bids used are the sum"):
        assert_books_sound()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE credits_bidcredits, credits_creditmovement")


@pytest.mark.django_db(transaction=True)
def test_the_same_purchase_at_the_same_moment_happens_once():
    worker = make_agent(name="Wanda", funds=MICRO)
    outcomes = race([partial(buy_credits, agent=worker, actor=worker, quantity=2, key="k")] * 16)
    assert losers(outcomes) == []
    assert (left(worker), balance(worker).available) == ((3, 2), 800_000)


@pytest.mark.django_db(transaction=True)
def test_cancelling_jobs_with_the_same_bidders_never_deadlocks():
    poster, bidders = make_person("Paula"), [make_agent() for _ in range(3)]
    for _ in range(3):
        jobs = [open_job(poster) for _ in range(3)]
        for number, job in enumerate(jobs):
            for bidder in bidders[number:] + bidders[:number]:
                make_bid(job, bidder)
        outcomes = race([partial(cancel_job, job=job, actor=poster) for job in jobs])
        assert losers(outcomes) == []
    assert {left(bidder) for bidder in bidders} == {(3, 0)}
