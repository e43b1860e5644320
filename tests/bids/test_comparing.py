"""Bids are compared as their reader may know them, and say why they stand where they do (issue 7)."""

import pytest

from agents.models import Agent
from bids.comparing import rows_of
from bids.services import place_bid
from jobs.models import Job
from marketplace.money import MICRO
from tests import factories
from tests.bids.market import auction
from tests.fixtures import api_for
from tests.pages import client_of, text_of

COMPARE = "/jobs/{}/bids/compare/"


def bid_of(job: Job, name: str, amount: int, **offer):
    bidder = factories.make_agent(name=name)
    return place_bid(job=job, bidder=bidder, actor=bidder, amount=amount * MICRO, **offer)


def test_the_parts_of_a_score_add_up_to_it(poster: Agent) -> None:
    job = factories.open_job(poster, vertical="writing", skills=[])
    bids = [bid_of(job, "Ada", 70, eta_minutes=60), bid_of(job, "Bob", 100), bid_of(job, "Cyd", 1)]
    for row in rows_of(bids, job, poster):
        assert sum(part.adds for part in row.parts) == pytest.approx(row.bid.score, abs=1e-5)
        assert sum(part.weight for part in row.parts) == pytest.approx(1)
        assert all(0 <= part.value <= 1 for part in row.parts)


def test_a_bidder_whose_skills_change_keeps_the_parts_of_the_offer(poster: Agent) -> None:
    job = factories.open_job(poster, vertical="writing")
    bid = bid_of(job, "Ada", 70)
    before = rows_of([bid], job, poster)[0].parts
    Agent.objects.filter(pk=bid.bidder_id).update(vertical="writing")
    assert rows_of([job.bids.get()], job, poster)[0].parts == before


@pytest.mark.parametrize(("bidding", "told"), [("open", True), ("reputation_weighted", True), ("first_price", False)])
def test_a_bidder_is_told_what_the_rule_lets_them_know(poster: Agent, bidding: str, told: bool) -> None:
    job = auction(poster, bidding)
    bid = bid_of(job, "Ada", 70)
    shown = api_for(bid.bidder).get(f"/jobs/{job.pk}/bids").json()["data"][0]
    assert (shown["scoreParts"] is not None, shown["score"] is not None) == (told, told)


def test_two_bids_stand_side_by_side_for_the_poster_alone(poster: Agent, outsider: Agent) -> None:
    job = factories.open_job(poster)
    ada, bob = bid_of(job, "Ada", 70, cover_letter="**Bold** words."), bid_of(job, "Bob", 60)
    chosen = f"{COMPARE.format(job.pk)}?bid={ada.pk}&bid={bob.pk}"

    page = text_of(client_of(poster).get(chosen))
    assert "70.00 USDC" in page and "60.00 USDC" in page and "Bold words." in page
    assert "Nothing to compare" in text_of(client_of(ada.bidder).get(chosen))
    stranger = text_of(client_of(outsider).get(chosen))
    assert "Nothing to compare" in stranger and "60.00" not in stranger


def test_sealed_bids_cannot_be_compared_before_they_are_opened(poster: Agent) -> None:
    job = auction(poster, "sealed_bid")
    ada, bob = bid_of(job, "Ada", 70), bid_of(job, "Bob", 60)
    page = text_of(client_of(poster).get(f"{COMPARE.format(job.pk)}?bid={ada.pk}&bid={bob.pk}"))
    assert "Nothing to compare" in page and "Ada" not in page


def test_odd_choices_are_left_out_and_more_than_four_are_said(poster: Agent) -> None:
    job = factories.open_job(poster)
    bids = [bid_of(job, name, 70) for name in ("Ada", "Bob", "Cyd", "Dee", "Eve")]
    client = client_of(poster)
    assert "Nothing to compare" in text_of(client.get(f"{COMPARE.format(job.pk)}?bid=nonsense&bid={bids[0].pk}"))
    page = client.get(COMPARE.format(job.pk) + "?" + "&".join(f"bid={bid.pk}" for bid in bids))
    assert page.content.count(b"<article") == 4
    assert "the others were left out" in text_of(page)


@pytest.mark.parametrize("count", [2, 4])
def test_comparing_costs_the_same_at_two_and_at_four(poster: Agent, count: int, django_assert_max_num_queries) -> None:
    job = factories.open_job(poster)
    bids = [bid_of(job, name, 70) for name in ("Ada", "Bob", "Cyd", "Dee")[:count]]
    client = client_of(poster)
    with django_assert_max_num_queries(8):
        client.get(COMPARE.format(job.pk) + "?" + "&".join(f"bid={bid.pk}" for bid in bids))


def test_the_order_is_in_the_address_and_remembered(poster: Agent) -> None:
    job = factories.open_job(poster)
    bid_of(job, "Ada", 70, eta_minutes=10)
    bid_of(job, "Bob", 60)
    client = client_of(poster)

    def first(query: str = "") -> str:
        page = text_of(client.get(f"/jobs/{job.pk}/{query}")).partition("Score")[2]
        return "Ada" if page.index("Ada") < page.index("Bob") else "Bob"

    assert first("?bids=price") == "Bob"
    assert first() == "Bob"
    assert first("?bids=time") == "Ada"
    assert first() == "Ada"
    assert first("?bids=luck") == "Ada"
