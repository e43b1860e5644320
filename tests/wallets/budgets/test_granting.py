"""The owner's verbs: grant, change, pause, resume, revoke (F11); nobody else has them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from agents.models import Agent
from jobs.services import approve_job, cancel_job
from marketplace.errors import Invalid, MarketError, NotAllowed, NotFound
from marketplace.events.models import Event
from marketplace.money import MICRO
from tests.factories import assigned_job, make_agent, make_person, submitted_job
from wallets.budgets.models import BudgetAuthorization
from wallets.budgets.services import (
    BudgetInUse,
    change_budget,
    grant_budget,
    pause_budget,
    payer_for,
    resume_budget,
    revoke_budget,
)

pytestmark = pytest.mark.django_db

CAPS = {"per_job": 10 * MICRO, "daily": 20 * MICRO, "monthly": 30 * MICRO}
VERBS: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (grant_budget, CAPS),
    (change_budget, {"daily": 60 * MICRO}),
    (pause_budget, {}),
    (resume_budget, {}),
    (revoke_budget, {}),
]
each_verb = pytest.mark.parametrize(("verb", "values"), VERBS, ids=lambda value: getattr(value, "__name__", ""))


def told(agent: Agent) -> list[str]:
    events = Event.objects.filter(type__startswith="budget.", audience__contains=[agent.pk])
    return list(events.order_by("id").values_list("type", flat=True))


def kept(budget: BudgetAuthorization) -> tuple[Any, ...]:
    return BudgetAuthorization.objects.values_list().get(pk=budget.pk)


def test_the_life_of_a_budget(owner, buyer):
    budget = grant_budget(agent=buyer, actor=owner, categories=["Research ", "code", "research", ""], **CAPS)
    assert (budget.payer, budget.categories, budget.is_paused) == (owner, ["code", "research"], False)
    assert pause_budget(agent=buyer, actor=owner).is_paused
    assert change_budget(agent=buyer, actor=owner, monthly=90 * MICRO).monthly == 90 * MICRO
    assert not resume_budget(agent=buyer, actor=owner).is_paused
    revoke_budget(agent=buyer, actor=owner)
    assert not BudgetAuthorization.objects.exists()
    story = [f"budget.{what}" for what in ("granted", "paused", "changed", "resumed", "revoked")]
    assert told(owner) == told(buyer) == story


def test_who_pays_follows_the_budget(owner, buyer):
    """Pausing does not turn to the agent's own wallet."""
    assert payer_for(buyer) == buyer
    grant_budget(agent=buyer, actor=owner, **CAPS)
    assert payer_for(buyer) == owner
    pause_budget(agent=buyer, actor=owner)
    assert payer_for(buyer) == owner
    revoke_budget(agent=buyer, actor=owner)
    assert payer_for(buyer) == buyer
    assert payer_for(owner) == owner


def test_a_budget_ends_with_the_ownership(owner, buyer, budget):
    """Neither the old owner's wallet nor the new one's is spent under what the old one granted."""
    Agent.objects.filter(pk=buyer.pk).update(owner=make_person("Nina").user)
    buyer.refresh_from_db()
    assert payer_for(buyer) == buyer


def test_who_pays_takes_one_query(owner, buyer, budget, django_assert_num_queries):
    for agent, queries in ((buyer, 1), (owner, 0)):
        with django_assert_num_queries(queries):
            assert payer_for(agent).user == owner.user


@each_verb
def test_everybody_but_the_owner_is_refused_by_name(owner, buyer, budget, verb, values):
    before = kept(budget)
    sister = make_agent(owner, name="Sister")
    for actor, words in ((buyer, "never change it"), (sister, "somebody else"), (make_person("Eve"), "somebody else")):
        with pytest.raises(NotAllowed, match=words):
            verb(agent=buyer, actor=actor, **values)
    assert kept(budget) == before
    assert told(owner) == ["budget.granted"]


@each_verb
def test_nobody_without_an_owner_has_a_budget(owner, verb, values):
    unclaimed = Agent.objects.create(kind=Agent.Kind.AI, handle="nobodys", name="Nobody's")
    for agent, words in ((owner, "is a person"), (make_person("Eve"), "is a person"), (unclaimed, "has no owner")):
        with pytest.raises(NotAllowed, match=words):
            verb(agent=agent, actor=owner, **values)
    assert not BudgetAuthorization.objects.exists()


@each_verb
def test_a_suspended_owner_changes_nothing(owner, buyer, budget, verb, values):
    before = kept(budget)
    owner.status = Agent.Status.SUSPENDED
    with pytest.raises(NotAllowed, match="suspended"):
        verb(agent=buyer, actor=owner, **values)
    assert kept(budget) == before


@pytest.mark.parametrize("verb", [change_budget, pause_budget, resume_budget, revoke_budget])
def test_what_was_not_granted_cannot_be_changed(owner, buyer, verb):
    with pytest.raises(NotFound, match="grant it one first"):
        verb(agent=buyer, actor=owner)


@pytest.mark.parametrize(
    ("per_job", "daily", "monthly", "field"),
    [
        (0, 1, 1, "perJob"),
        (-1, 1, 1, "perJob"),
        (2, 1, 3, "perJob"),
        (1, 3, 2, "daily"),
        (1, 0, 2, "daily"),
        (1, 1, 10**15 + 1, "monthly"),
    ],
)
def test_caps_grow_with_their_period(owner, buyer, per_job, daily, monthly, field):
    with pytest.raises(Invalid) as refusal:
        grant_budget(agent=buyer, actor=owner, per_job=per_job, daily=daily, monthly=monthly)
    assert [error.field for error in refusal.value.errors] == [field]
    assert not BudgetAuthorization.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"per_job": 121 * MICRO}, "perJob", r"at most the daily cap of 120\.00"),
        ({"daily": 301 * MICRO}, "daily", r"at most the monthly cap of 300\.00"),
        ({"daily": 49 * MICRO}, "daily", r"at least the cap per job of 50\.00"),
        ({"monthly": 119 * MICRO}, "monthly", r"at least the daily cap of 120\.00"),
        ({"payer": None}, "payer", "Cannot be changed"),
    ],
)
def test_a_change_has_to_agree_with_what_stays(owner, buyer, budget, changes, field, words):
    """The refusal names what the caller sent."""
    before = kept(budget)
    with pytest.raises(Invalid, match=words) as refusal:
        change_budget(agent=buyer, actor=owner, **changes)
    assert [error.field for error in refusal.value.errors] == [field]
    assert kept(budget) == before


@pytest.mark.parametrize("changes", [{"per_job": 0}, {"per_job": 500 * MICRO}, {"monthly": MICRO}])
def test_the_database_keeps_the_caps_in_order(budget, changes):
    with pytest.raises(IntegrityError, match="budget_caps_in_order"), transaction.atomic():
        BudgetAuthorization.objects.filter(pk=budget.pk).update(**changes)


def test_one_budget_an_agent_granting_again_replaces_it(owner, buyer, budget):
    pause_budget(agent=buyer, actor=owner)
    again = grant_budget(agent=buyer, actor=owner, **CAPS)
    assert (again.pk, again.daily, again.is_paused) == (budget.pk, 20 * MICRO, True)
    assert told(owner)[-1] == "budget.changed"


def test_what_changes_nothing_tells_nobody(owner, buyer, budget):
    change_budget(agent=buyer, actor=owner, daily=budget.daily)
    resume_budget(agent=buyer, actor=owner)
    pause_budget(agent=buyer, actor=owner)
    paused_at = kept(budget)
    pause_budget(agent=buyer, actor=owner)
    assert kept(budget) == paused_at
    assert told(owner) == ["budget.granted", "budget.paused"]


def test_a_budget_in_use_stays(owner, buyer, worker, budget):
    """The seed: no active tasks. Afterwards it goes, and what was spent with it."""
    job = assigned_job(buyer, worker, price=40 * MICRO)
    with pytest.raises(BudgetInUse) as refusal:
        revoke_budget(agent=buyer, actor=owner)
    assert refusal.value.extra == {"activeJobs": 1}
    cancel_job(job=job, actor=buyer)
    approve_job(job=submitted_job(buyer, worker, price=40 * MICRO), actor=owner)
    revoke_budget(agent=buyer, actor=owner)
    assert payer_for(buyer) == buyer


def test_too_many_categories_are_refused(owner, buyer):
    with pytest.raises(MarketError, match="at most 50"):
        grant_budget(agent=buyer, actor=owner, categories=map(str, range(51)), **CAPS)
