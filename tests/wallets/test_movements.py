"""Every way money moves: what it does to each balance, once however often it is asked for, and how it is told."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from agents.models import Agent
from jobs.models import Job
from jobs.services import approve_job, mature_payout, tip_job
from jobs.tasks import mature_due_payouts
from marketplace.errors import Invalid, MarketError, NotAllowed
from marketplace.events.models import Event
from marketplace.money import MICRO
from tests.factories import (
    FUNDS,
    PRICE,
    completed_job,
    disputed_job,
    fund,
    make_agent,
    make_person,
    open_job,
    started_job,
    submitted_job,
)
from wallets import services
from wallets.models import Account, Entry, Transfer
from wallets.queries import balance, balance_history, describe, entries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(db) -> Agent:
    return make_person("Olive", is_staff=True)


def money(agent: Agent) -> dict[str, int]:
    """The agent's balances that are not zero, in whole USDC."""
    return {name: micro / MICRO for name, micro in asdict(balance(agent)).items() if micro}


# Each does all that comes before a movement and returns the movement.
def deposited(poster: Agent, worker: Agent, operator: Agent) -> Callable[[], Any]:
    return lambda: services.deposit(agent=worker, amount=5 * MICRO, key="once")


def adjusted(poster: Agent, worker: Agent, operator: Agent) -> Callable[[], Any]:
    return lambda: services.adjust_balance(
        agent=poster, amount=-5 * MICRO, reason="paid twice outside", key="once", actor=operator
    )


def bought_credits(poster: Agent, worker: Agent, operator: Agent) -> Callable[[], Any]:
    return lambda: services.buy_credits(agent=poster, amount=MICRO, quantity=10, key="once")


def held(poster: Agent, worker: Agent, operator: Agent) -> Callable[[], Any]:
    job = open_job(poster, terms={"fund_on": "publish"}, budget=PRICE)
    return lambda: services.hold_escrow(job=job, amount=PRICE)


def trimmed(poster: Agent, worker: Agent, operator: Agent) -> Callable[[], Any]:
    job = started_job(poster, worker, terms={"fund_on": "publish"})
    return lambda: services.trim_escrow(job=job, held=job.budget, price=job.price)


def released(poster: Agent, worker: Agent, operator: Agent) -> Callable[[], Any]:
    job = completed_job(poster, worker)
    return lambda: services.release_escrow(job=job, worker=worker, price=PRICE, fee=PRICE // 20)


def split(poster: Agent, worker: Agent, operator: Agent) -> Callable[[], Any]:
    from disputes.services import resolve_dispute

    job = disputed_job(poster, worker)
    resolve_dispute(dispute=job.disputes.get(), actor=operator, to_poster=PRICE // 4, note="A quarter back.")
    return lambda: services.split_escrow(job=job, worker=worker, price=PRICE, to_poster=PRICE // 4, fee_bps=500)


@pytest.mark.parametrize("verb", [deposited, adjusted, bought_credits, held, trimmed, released, split])
def test_a_movement_asked_for_again_happens_once(verb, poster, worker, operator):
    again = verb(poster, worker, operator)
    again()
    before = (money(poster), money(worker), Entry.objects.count())
    again()
    assert (money(poster), money(worker), Entry.objects.count()) == before


def test_each_kind_of_movement_has_its_words(poster, worker, operator):
    for verb in (deposited, adjusted, bought_credits, held, trimmed, released, split):
        verb(poster, worker, operator)()
    tip_job(job=completed_job(poster, worker), actor=poster, amount=MICRO)
    mature_payout(job=overdue(completed_job(poster, worker, terms=WITH_WINDOW)))
    for kind in Account.OF_AGENTS:
        lines = [describe(entry) for agent in (poster, worker) for entry in entries_of(agent, kind)]
        assert all(line and "{" not in line for line in lines)
    said = {describe(entry) for entry in entries_of(poster)}
    assert {"Taken by an operator: paid twice outside", "Bought 10 bid credits"} <= said


def test_the_words_speak_of_every_kind_of_transfer():
    from wallets.queries import WORDS

    assert {kind for kind, _ in WORDS} == set(Transfer.Kind)


def test_a_tip_goes_to_the_worker_whole(poster, worker):
    """S12: with the approval, without a fee."""
    job = approve_job(job=submitted_job(poster, worker), actor=poster, tip=10 * MICRO)
    assert money(worker) == {"available": 76 + 10}
    assert money(poster) == {"available": 1000 - 80 - 10}
    assert job.tip == 10 * MICRO
    with pytest.raises(MarketError, match="has had its tip"):
        tip_job(job=job, actor=poster, amount=MICRO)
    [tipped] = Event.objects.filter(type="job.tipped")
    assert tipped.data["tipUsdc"] == "10.00"


@pytest.mark.parametrize("amount", [0, -1, 10**9 * MICRO + 1])
def test_a_tip_that_makes_no_sense_is_refused_by_name(poster, worker, amount):
    job = completed_job(poster, worker)
    with pytest.raises(Invalid) as refusal:
        tip_job(job=job, actor=poster, amount=amount)
    assert refusal.value.errors[0].field == "tip"


def test_an_approval_with_a_tip_that_nobody_can_pay_approves_nothing(poster, worker):
    job = submitted_job(poster, worker)
    with pytest.raises(MarketError, match="holds 920"):
        approve_job(job=job, actor=poster, tip=FUNDS)
    job.refresh_from_db()
    assert (job.status, money(worker)) == ("IN_REVIEW", {})


WITH_WINDOW = {"dispute_window_seconds": 48 * 3600}


def overdue(job: Job) -> Job:
    """As if the dispute window had ended."""
    from django.db.models.functions import Now

    Job.objects.filter(pk=job.pk).update(matures_at=Now())
    job.refresh_from_db()
    return job


def test_what_is_earned_inside_a_dispute_window_clears_when_it_ends(poster, worker):
    """F8, DESIGN: clearing money is not available money."""
    job = completed_job(poster, worker, terms=WITH_WINDOW)
    assert money(worker) == {"clearing": 76}
    assert job.matures_at is not None
    assert mature_due_payouts() == 0, "not yet"
    overdue(job)
    assert mature_due_payouts() == 1
    assert money(worker) == {"available": 76}
    assert mature_due_payouts() == 0
    job.refresh_from_db()
    mature_payout(job=job)
    assert money(worker) == {"available": 76}
    assert Event.objects.filter(type="job.payout_cleared").count() == 1


def test_an_operator_adjusts_with_a_reason(worker, operator):
    """PEOPLE, Finance: money is never edited as a field."""
    assert services.adjust_balance(agent=worker, amount=7, reason="a lost deposit", key="a", actor=operator)
    assert not services.adjust_balance(agent=worker, amount=7, reason="a lost deposit", key="a", actor=operator)
    assert balance(worker).available == 7
    with pytest.raises(MarketError, match="less than this takes"):
        services.adjust_balance(agent=worker, amount=-8, reason="too much", key="b", actor=operator)
    [line] = entries_of(worker)
    assert describe(line) == "Added by an operator: a lost deposit"


def test_nobody_else_adjusts_and_no_operator_their_own(worker, operator, poster):
    for actor, agent in ((poster, worker), (operator, operator), (operator, make_agent(operator))):
        with pytest.raises(NotAllowed):
            services.adjust_balance(agent=agent, amount=7, reason="because", key="a", actor=actor)
    for reason, amount, field in (("", 7, "reason"), ("  ", 7, "reason"), ("good", 0, "amount")):
        with pytest.raises(Invalid) as refusal:
            services.adjust_balance(agent=worker, amount=amount, reason=reason, key="a", actor=operator)
        assert refusal.value.errors[0].field == field


def test_the_balance_of_each_day_is_its_last(poster, worker):
    completed_job(poster, worker)
    fund(worker, 3 * MICRO)
    assert [micro // MICRO for _, micro in balance_history(worker, 3)] == [0, 0, 79]
    assert [micro // MICRO for _, micro in balance_history(poster, 2)] == [0, 920]
    assert balance_history(make_person("Nobody"), 30) == []
