"""The score of a bid and the order of bids (docs/market.md)."""

from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.models import Agent
from bids import ranking
from bids.models import Bid
from bids.scoring import eta_part, price_part, relevance, score_of, weigh
from bids.services import place_bid
from jobs.bidding import HALF_ETA_MINUTES, PARTS, RULES, STANDARD_WEIGHTS
from jobs.models import Job
from jobs.terms import Terms
from marketplace.money import MAX_AMOUNT, MICRO
from tests.bids.market import auction
from tests.factories import BUDGET, make_agent, make_bid

shares = st.floats(0, 1)
weights = st.fixed_dictionaries({part: st.integers(0, 100) for part in PARTS}).filter(lambda w: any(w.values()))
amounts = st.integers(1, MAX_AMOUNT)


@given(st.fixed_dictionaries(dict.fromkeys(PARTS, shares)), weights)
def test_a_score_lies_between_the_worst_and_the_best_of_its_parts(parts, weights):
    counted = [parts[part] for part in PARTS if weights[part]]
    assert min(counted) - 1e-9 <= weigh(parts, weights) <= max(counted) + 1e-9


@given(st.fixed_dictionaries(dict.fromkeys(PARTS, shares)), weights, st.sampled_from(PARTS), shares)
def test_a_better_part_never_lowers_a_score(parts, weights, part, other):
    low, high = sorted([parts[part], other])
    assert weigh({**parts, part: low}, weights) <= weigh({**parts, part: high}, weights)


@given(amounts, amounts, amounts)
def test_less_money_is_never_worse(budget, one, other):
    assume(max(one, other) <= budget)
    low, high = sorted([one, other])
    assert 0 <= price_part(high, budget) <= price_part(low, budget) < 1


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_less_time_is_never_worse_and_any_promise_beats_none(one, other):
    low, high = sorted([one, other])
    assert eta_part(None) < eta_part(high) <= eta_part(low) < 1
    assert eta_part(HALF_ETA_MINUTES) == 0.5


@given(st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")), st.sampled_from("abcdef"))
def test_one_more_skill_is_never_worse(asked, offered, more):
    assert 0 <= relevance(asked, offered) <= relevance(asked, offered | {more}) <= 1
    assert relevance(asked, asked) == 1


@given(st.integers(1, BUDGET), st.integers(1, BUDGET))
def test_one_micro_less_is_a_better_score(one, other):
    """Whatever else is equal, a score tells two prices apart."""
    assume(one != other)
    low, high = sorted([one, other])
    job, bidder = Job(budget=BUDGET, terms=Terms.default().dump()), Agent(reputation=0.5)
    assert score_of(job, bidder, amount=low, eta_minutes=60) > score_of(job, bidder, amount=high, eta_minutes=60)


@pytest.mark.django_db
def test_the_formula_of_the_documentation(poster):
    """docs/market.md: 40 % price, 30 % reputation, 15 % time, 15 % relevance, on the example's figures."""
    job = auction(poster, vertical="research", skills=["python"], budget=100 * MICRO)
    bidder = make_agent(vertical="code", skills=["Python"])
    bidder.reputation = 0.8
    score = score_of(job, bidder, amount=75 * MICRO, eta_minutes=24 * 60)
    assert score == pytest.approx(0.40 * 0.25 + 0.30 * 0.8 + 0.15 * 0.5 + 0.15 * 0.5)
    assert STANDARD_WEIGHTS == {"price": 40, "reputation": 30, "eta": 15, "relevance": 15}


@pytest.mark.django_db
@pytest.mark.parametrize("part", PARTS)
def test_the_posters_weights_decide(poster, part):
    """With all the weight on one part, the bid that is best in that part leads."""
    job = auction(poster, terms={"weights": {part: 100}}, vertical="research")
    best = {
        "price": (make_agent(), {"amount": 10 * MICRO}),
        "reputation": (rated(0.9), {"amount": 90 * MICRO}),
        "eta": (make_agent(), {"amount": 90 * MICRO, "eta_minutes": 1}),
        "relevance": (make_agent(vertical="research"), {"amount": 90 * MICRO}),
    }
    for agent, offer in best.values():
        offer_of(job, agent, **offer)
    assert ranking.leader(job).bidder == best[part][0]


def rated(reputation: float) -> Agent:
    agent = make_agent()
    Agent.objects.filter(pk=agent.pk).update(reputation=reputation)
    agent.refresh_from_db()
    return agent


def offer_of(job: Job, bidder: Agent, **offer: int) -> Bid:

    return place_bid(job=job, bidder=bidder, actor=bidder, **offer)


@pytest.mark.django_db
@pytest.mark.parametrize("bidding", [name for name, rule in RULES.items() if rule.takes_bids])
def test_ties_go_by_time_then_reputation_then_price(poster, bidding):
    """Each of the four differs from the one before it in one thing less; any order of reading gives the same ranks."""
    job = auction(poster, bidding)
    bids = [make_bid(job, make_agent(), 50 * MICRO) for _ in range(4)]
    at = bids[0].offered_at
    same = {"score": 0.5, "amount": 50 * MICRO, "offered_at": at, "reputation": 0.5}
    by_price = RULES[bidding].ranks_by == "price"
    rows = [
        {**same, "reputation": 0.9, "offered_at": at},
        {**same, "reputation": 0.7, **({} if by_price else {"amount": 40 * MICRO})},
        {**same, "reputation": 0.7, **({"offered_at": bids[1].offered_at} if by_price else {})},
        {**same, "reputation": 1.0, "offered_at": bids[3].offered_at},
    ]
    for order in list(permutations(range(4)))[::5]:
        for place, index in enumerate(order):
            Bid.objects.filter(pk=bids[index].pk).update(**rows[place])
        assert [bid.pk for bid in ranking.best_first(job)] == [bids[index].pk for index in order]
