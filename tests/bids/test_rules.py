"""What each bidding rule lets be seen and done (docs/market.md)."""

from dataclasses import dataclass

import pytest

from agents.models import Agent
from bids.services import AlreadyBid, StaleBid, accept_bid, place_bid, withdraw_bid
from jobs.models import Job
from marketplace.errors import Invalid
from marketplace.events.models import Event
from marketplace.money import MICRO
from tests.bids.market import auction, end_bidding
from tests.factories import make_agent, make_bid
from tests.fixtures import api_for

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Expected:
    """Of two bids, 60 (first) and 50 USDC: what the first bidder and the public are told while bidding goes on."""

    own_rank: int | None
    poster_reads: list[str]
    lowest: str | None
    outbid: bool
    may_lower: bool
    sent_on_arrival: set[str]


HEARS = {"bid.received"}
# Written out here, and not read from the table under test.
RULES = {
    "open": Expected(2, ["50.00", "60.00"], None, True, False, HEARS),
    "reverse_auction": Expected(2, ["50.00", "60.00"], "50.00", True, True, HEARS),
    "first_price": Expected(None, ["50.00", "60.00"], None, False, False, HEARS),
    "sealed_bid": Expected(None, [], None, False, False, {"bid.sealed"}),
    "reputation_weighted": Expected(2, ["50.00", "60.00"], None, True, False, HEARS),
}


@pytest.fixture(params=RULES)
def bidding(request) -> str:
    return request.param


@pytest.fixture
def job(poster, bidding) -> Job:
    return auction(poster, bidding)


def types_told(agent: Agent) -> set[str]:
    return set(
        Event.objects.filter(audience__contains=[agent.pk], type__startswith="bid.").values_list("type", flat=True)
    )


def test_who_is_told_what(poster, worker, outsider, poster_api, worker_api, anonymous_api, job, bidding):
    expected = RULES[bidding]
    make_bid(job, worker, 60 * MICRO)
    make_bid(job, outsider, 50 * MICRO)
    [own] = worker_api.get(f"/jobs/{job.pk}/bids").json()["data"]
    assert (own["rank"], own["amount"], own["competingBids"]) == (expected.own_rank, "60.00", 1)
    assert (own["score"] is None) == (expected.own_rank is None)
    read = poster_api.get(f"/jobs/{job.pk}/bids").json()["data"]
    assert [bid["amount"] for bid in read] == expected.poster_reads
    assert [bid["rank"] for bid in read] == list(range(1, len(read) + 1))
    [shown] = anonymous_api.get("/jobs").json()["data"]
    assert (shown["lowestBidUsdc"], shown["bidCount"], shown["terms"]["bidding"]) == (expected.lowest, 2, bidding)
    assert ("bid.outbid" in types_told(worker)) == expected.outbid
    assert types_told(poster) == expected.sent_on_arrival


def test_only_some_bids_can_be_lowered_and_none_raised(worker, job, bidding):
    bid = make_bid(job, worker, 60 * MICRO)
    if not RULES[bidding].may_lower:
        with pytest.raises(AlreadyBid):
            make_bid(job, worker, 50 * MICRO)
        return
    lowered = make_bid(job, worker, 50 * MICRO)
    assert (lowered.pk, lowered.version, lowered.amount, job.bids.count()) == (bid.pk, 2, 50 * MICRO, 1)
    assert lowered.offered_at > bid.offered_at
    for amount in (50 * MICRO, 55 * MICRO):
        with pytest.raises(Invalid, match=r"lower than your bid of 50\.00"):
            make_bid(job, worker, amount)


def test_after_the_end_the_poster_reads_all_of_them_best_first(worker, outsider, poster_api, job):
    make_bid(job, worker, 60 * MICRO)
    make_bid(job, outsider, 50 * MICRO)
    end_bidding(job)
    read = poster_api.get(f"/jobs/{job.pk}/bids").json()["data"]
    assert [(bid["amount"], bid["rank"]) for bid in read] == [("50.00", 1), ("60.00", 2)]


def test_a_lowered_bid_costs_one_credit_and_keeps_what_was_not_said_again(poster, worker):
    job = auction(poster, "reverse_auction")
    place_bid(job=job, bidder=worker, actor=worker, amount=60 * MICRO, cover_letter="I can.", eta_minutes=60)
    bid = make_bid(job, worker, 50 * MICRO)
    assert (bid.cover_letter, bid.eta_minutes) == ("I can.", 60)
    assert worker.credit_movements.count() == 1
    lowered = Event.objects.get(type="bid.lowered")
    assert (lowered.data["amountUsdc"], lowered.audience) == ("50.00", [poster.pk])


def test_the_lowest_price_follows_bids_that_come_and_go(poster, worker, outsider):
    job = auction(poster, "reverse_auction")

    def lowest() -> int | None:
        return Job.objects.get(pk=job.pk).lowest_bid

    assert lowest() is None
    first = make_bid(job, worker, 60 * MICRO)
    second = make_bid(job, outsider, 50 * MICRO)
    assert lowest() == 50 * MICRO
    withdraw_bid(bid=second, actor=outsider)
    assert lowest() == 60 * MICRO
    withdraw_bid(bid=first, actor=worker)
    assert lowest() is None


def test_the_one_who_led_hears_of_each_better_bid_once(poster, worker, outsider):
    job = auction(poster, "reverse_auction")
    for amount in (60, 50, 40, 30):
        make_bid(job, worker if amount in (60, 40) else outsider, amount * MICRO)
    outbid = Event.objects.filter(type="bid.outbid").order_by("id")
    assert [(event.data["agentId"], event.data["amountUsdc"]) for event in outbid] == [
        (worker.handle, "60.00"),
        (outsider.handle, "50.00"),
        (worker.handle, "40.00"),
    ]


def test_reputation_can_outweigh_a_lower_price(poster, worker, outsider):
    Agent.objects.filter(pk=worker.pk).update(reputation=0.95)
    worker.refresh_from_db()
    job = auction(poster, "reputation_weighted")
    make_bid(job, worker, 60 * MICRO)
    make_bid(job, outsider, 50 * MICRO)
    best = api_for(poster).get(f"/jobs/{job.pk}/bids").json()["data"][0]
    assert best["agentId"] == worker.handle


@pytest.mark.parametrize(
    ("sort", "amounts"),
    [
        ("score", ["40.00", "60.00", "50.00"]),
        ("price", ["40.00", "50.00", "60.00"]),
        ("newest", ["50.00", "40.00", "60.00"]),
        ("eta", ["60.00", "40.00", "50.00"]),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 20])
def test_bids_are_sorted_and_paged(poster, poster_api, sort, amounts, limit):
    job = auction(poster, terms={"weights": {"price": 75, "eta": 25}})
    for amount, eta in ((60, 10), (40, 600), (50, None)):
        bidder = make_agent()
        place_bid(job=job, bidder=bidder, actor=bidder, amount=amount * MICRO, eta_minutes=eta)
    found, cursor = [], ""
    while cursor is not None:
        page = poster_api.get(f"/jobs/{job.pk}/bids?sort={sort}&limit={limit}&cursor={cursor}").json()
        found += [bid["amount"] for bid in page["data"]]
        cursor = page["meta"]["nextCursor"]
    assert found == amounts


def test_an_unknown_order_is_refused_by_name(poster, poster_api, problem):
    assert problem(poster_api.get(f"/jobs/{auction(poster).pk}/bids?sort=luck"))[2] == ["sort"]


def test_accepting_names_the_version_that_was_read(poster, worker, poster_api, problem):
    """M3: edit between view and accept."""
    job = auction(poster, "reverse_auction")
    make_bid(job, worker, 60 * MICRO)
    [read] = poster_api.get(f"/jobs/{job.pk}/bids").json()["data"]
    bid = make_bid(job, worker, 50 * MICRO)
    address = f"/jobs/{job.pk}/bids/{bid.pk}/accept"
    for stale in ({"version": read["version"]}, {"updatedAt": read["updatedAt"]}, {"version": 99}):
        assert problem(poster_api.post(address, stale))[:2] == (409, "STALE_BID")
    with pytest.raises(StaleBid):
        accept_bid(bid=bid, actor=poster, version=1)
    [read] = poster_api.get(f"/jobs/{job.pk}/bids").json()["data"]
    taken = poster_api.post(address, {"version": read["version"], "updatedAt": read["updatedAt"]})
    assert (taken.status_code, taken.json()["data"]["job"]["priceUsdc"]) == (200, "50.00")
