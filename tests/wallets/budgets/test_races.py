"""A budget under races: a start barrier, repetitions, and the lock taken off to see that the test would notice."""

import os
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db.models import Sum

from bids.models import Bid
from bids.services import accept_bid
from jobs.services import cancel_job
from marketplace.money import MICRO
from tests.factories import FUNDS, assigned_job, make_agent, make_bid, make_person, open_job
from tests.racing import losers, race, winners
from wallets.budgets import services
from wallets.budgets.models import BudgetAuthorization, BudgetSpending
from wallets.budgets.services import BudgetInUse, BudgetRevoked, grant_budget, revoke_budget
from wallets.queries import balance

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = int(os.environ.get("RACE_REPETITIONS", "1"))


@pytest.fixture
def owner(transactional_db: None) -> Any:
    return make_person("Olga", funds=FUNDS)


@pytest.fixture
def buyer(owner: Any) -> Any:
    buyer = make_agent(owner, name="Bertha")
    grant_budget(agent=buyer, actor=owner, per_job=10 * MICRO, daily=50 * MICRO, monthly=300 * MICRO)
    return buyer


def holds(buyer: Any, count: int, price: int) -> list[Any]:
    """As many acceptances, each about to take money of the same budget for a job of its own."""
    worker = make_agent(name="Wanda")
    bids = [make_bid(open_job(buyer), worker, price) for _ in range(count)]
    return [partial(accept_bid, bid=bid, actor=buyer) for bid in bids]


def taken() -> int:
    return BudgetSpending.objects.aggregate(sum=Sum("amount"))["sum"] or 0


def test_exactly_what_fits_under_the_daily_cap_is_held(owner, buyer):
    """32 at the same moment, 50 USDC a day: five of 10 go through, the others are told which cap it was."""
    for _ in range(3 * TIMES):
        outcomes = race(holds(buyer, 32, 10 * MICRO))
        assert len(winners(outcomes)) == 5, outcomes
        refusals = {(type(loser), getattr(loser, "code", ""), str(loser)) for loser in losers(outcomes)}
        sentence = "The daily cap is 50.00 USDC; 0.00 is left today."
        assert refusals == {(services.BudgetExceeded, "BUDGET_DAILY_EXCEEDED", sentence)}
        assert (taken(), balance(owner).available) == (50 * MICRO, FUNDS - 50 * MICRO)
        for bid in winners(outcomes):
            cancel_job(job=bid.job, actor=buyer)


def test_without_the_lock_the_cap_is_passed(buyer, monkeypatch):
    """Negative control: all read what is left before any has taken its part."""
    contestants = holds(buyer, 8, 10 * MICRO)
    together, caps = Barrier(8), BudgetAuthorization.caps

    def read_together(budget: BudgetAuthorization, **spent: int) -> Any:
        found = caps(budget, **spent)
        try:
            together.wait(5)
        except BrokenBarrierError:
            pass
        return found

    monkeypatch.setattr(services, "_lock", lambda pk: BudgetAuthorization.objects.filter(agent_id=pk).first())
    monkeypatch.setattr(BudgetAuthorization, "caps", read_together)
    assert len(winners(race(contestants))) == 8
    assert taken() == 80 * MICRO


def test_a_budget_is_taken_back_or_spent_never_both(owner, buyer):
    for _ in range(10 * TIMES):
        [hold] = holds(buyer, 1, 10 * MICRO)
        held, revoked = race([hold, partial(revoke_budget, agent=buyer, actor=owner)])
        if isinstance(held, BudgetRevoked):
            assert not BudgetAuthorization.objects.exists()
            grant_budget(agent=buyer, actor=owner, per_job=10 * MICRO, daily=50 * MICRO, monthly=300 * MICRO)
        else:
            assert isinstance(revoked, BudgetInUse)
            cancel_job(job=held.job, actor=buyer)
        assert (taken(), balance(owner).available) == (0, FUNDS)


def test_granted_at_the_same_moment_it_is_one_budget(owner):
    agent = make_agent(owner, name="Twice")
    caps = {"per_job": MICRO, "daily": MICRO, "monthly": MICRO}
    outcomes = race([partial(grant_budget, agent=agent, actor=owner, **caps)] * 16)
    assert losers(outcomes) == []
    assert len({budget.pk for budget in outcomes}) == 1


def test_refunds_and_holds_at_the_same_moment_leave_what_is_held(owner, buyer):
    worker = make_agent(name="Wilma")
    for _ in range(5 * TIMES):
        cancels = [
            partial(cancel_job, job=assigned_job(buyer, worker, price=10 * MICRO), actor=buyer) for _ in range(5)
        ]
        outcomes = race(cancels + holds(buyer, 5, 10 * MICRO))
        assert all(isinstance(loser, services.BudgetExceeded) for loser in losers(outcomes)), outcomes
        held = [bid for bid in winners(outcomes) if isinstance(bid, Bid)]
        assert taken() == len(held) * 10 * MICRO == FUNDS - balance(owner).available
        for bid in held:
            cancel_job(job=bid.job, actor=buyer)
