"""The verbs of a budget: its owner grants and takes it back; holding money for a job takes from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models.functions import Now

from agents.models import Agent
from agents.rules import acts_for, require_not_suspended
from marketplace.api.problems import camel_case
from marketplace.errors import Invalid, MarketError, NotAllowed, NotFound
from marketplace.events import services as events
from marketplace.money import MAX_AMOUNT, format_usdc
from marketplace.timestamps import format_timestamp
from wallets.budgets.models import BudgetAuthorization, BudgetSpending, Cap

if TYPE_CHECKING:
    from jobs.models import Job

# From the narrowest to the widest.
CAP_NAMES = {"per_job": "cap per job", "daily": "daily cap", "monthly": "monthly cap"}
CHANGEABLE = frozenset({*CAP_NAMES, "categories"})
MOST_CATEGORIES = 50


class BudgetInUse(MarketError):
    code, title = "BUDGET_IN_USE", "Budget in use"
    detail = "Money is held for jobs under this budget; pause it, and remove it when they are finished."


class BudgetRevoked(MarketError):
    status, code, title = 403, "BUDGET_REVOKED", "No budget any more"
    detail = "The owner has taken back the budget under which this job was posted; cancel the job and post it again."


class BudgetPaused(MarketError):
    status, code, title = 403, "BUDGET_PAUSED", "Budget paused"
    detail = "The owner has paused this agent's budget; nothing is spent until it is resumed."


class BudgetCategoryNotAllowed(MarketError):
    status, code, title = 403, "BUDGET_CATEGORY_NOT_ALLOWED", "Not a category of the budget"


class BudgetExceeded(MarketError):
    """A cap is too small for what is left of it; nothing was taken."""

    status, title = 402, "Budget exceeded"

    def __init__(self, cap: Cap):
        limit, left = format_usdc(cap.limit), format_usdc(cap.left)
        super().__init__(
            f"The {CAP_NAMES[cap.name]} is {limit} USDC; {left} is left {cap.period}.",
            extra={
                "cap": camel_case(cap.name),
                "capUsdc": limit,
                "leftUsdc": left,
                "resetsAt": format_timestamp(cap.resets_at) if cap.resets_at else None,
            },
        )
        self.code = f"BUDGET_{cap.name.upper()}_EXCEEDED"


# The owner's verbs


@transaction.atomic
def grant_budget(
    *, agent: Agent, actor: Agent, per_job: int, daily: int, monthly: int, categories: Iterable[str] = ()
) -> BudgetAuthorization:
    """Lets the AI agent spend the wallet of the actor, its owner; replaces the caps of a budget that it has.

    Caps are micro-USDC, per_job at most daily at most monthly. What was spent stays spent, and paused stays paused.
    Raises NotAllowed, Invalid naming the cap.
    """
    _require_owner(actor, agent)
    caps = {"per_job": per_job, "daily": daily, "monthly": monthly}
    _check_caps(caps, given=caps)
    values = {**caps, "categories": _normal(categories), "payer": actor, "updated_at": Now()}
    budget, is_new = BudgetAuthorization.objects.update_or_create(agent=agent, defaults=values)
    return _tell("budget.granted" if is_new else "budget.changed", budget, actor)


@transaction.atomic
def change_budget(*, agent: Agent, actor: Agent, **changes: Any) -> BudgetAuthorization:
    """Changes caps or categories; what is not named stays, and is what the new caps have to agree with."""
    unknown = changes.keys() - CHANGEABLE
    if unknown:
        raise Invalid.field(min(unknown), "Cannot be changed.")
    budget = _lock_own(agent, actor)
    if "categories" in changes:
        changes["categories"] = _normal(changes["categories"])
    changes = {field: value for field, value in changes.items() if getattr(budget, field) != value}
    _check_caps({name: changes.get(name, getattr(budget, name)) for name in CAP_NAMES}, given=changes)
    return _change(budget, actor, "budget.changed", **changes) if changes else _reload(budget)


@transaction.atomic
def pause_budget(*, agent: Agent, actor: Agent) -> BudgetAuthorization:
    """Stops spending until it is resumed; money that is held stays held. Pausing again changes nothing."""
    budget = _lock_own(agent, actor)
    return _reload(budget) if budget.is_paused else _change(budget, actor, "budget.paused", paused_at=Now())


@transaction.atomic
def resume_budget(*, agent: Agent, actor: Agent) -> BudgetAuthorization:
    """Lets the agent spend again. Resuming again changes nothing."""
    budget = _lock_own(agent, actor)
    return _change(budget, actor, "budget.resumed", paused_at=None) if budget.is_paused else _reload(budget)


@transaction.atomic
def revoke_budget(*, agent: Agent, actor: Agent) -> BudgetAuthorization:
    """Takes the budget back; returns it as it was. Raises BudgetInUse while money is held for a job under it."""
    budget = _reload(_lock_own(agent, actor))
    if jobs := _unfinished(budget).count():
        raise BudgetInUse(extra={"activeJobs": jobs})
    BudgetAuthorization.objects.filter(pk=budget.pk).delete()
    return _tell("budget.revoked", budget, actor, reload=False)


def _unfinished(budget: BudgetAuthorization) -> Any:
    """The jobs for which money is held under the budget."""
    held = budget.spendings.filter(amount__gt=0, job__completed_at=None, job__cancelled_at=None)
    return held.values("job").distinct()


def _require_owner(actor: Agent, agent: Agent) -> None:
    """Raises NotAllowed, saying why, for everybody but the person who owns the AI agent."""
    if agent.is_human:
        raise NotAllowed(f"{agent.name} is a person and spends their own wallet; only an AI agent has a budget.")
    if agent.owner_id is None:
        raise NotAllowed(f"{agent.name} has no owner whose wallet it could spend.")
    if actor.pk == agent.pk:
        raise NotAllowed("An agent may read its budget, never change it; its owner may.")
    if not acts_for(actor, agent):
        raise NotAllowed(f"{agent.name} belongs to somebody else; only its owner decides on its budget.")
    require_not_suspended(actor)


def _check_caps(caps: Mapping[str, int], given: Collection[str]) -> None:
    """Raises Invalid for a cap that is out of bounds or above a wider one, naming the one that the caller gave."""
    for name, cap in caps.items():
        if not 0 < cap <= MAX_AMOUNT:
            raise Invalid.field(camel_case(name), f"Must be more than 0 and at most {format_usdc(MAX_AMOUNT)}.")
    for lower, upper in pairwise(CAP_NAMES):
        if caps[lower] > caps[upper]:
            at_fault, other, words = (lower, upper, "most") if lower in given else (upper, lower, "least")
            limit = f"{CAP_NAMES[other]} of {format_usdc(caps[other])} USDC"
            raise Invalid.field(camel_case(at_fault), f"Must be at {words} the {limit}.")


def _normal(categories: Iterable[str]) -> list[str]:
    """Each category once, in lower case, as jobs are compared. Raises Invalid for more than MOST_CATEGORIES."""
    normal = sorted({category.strip().lower() for category in categories} - {""})
    if len(normal) > MOST_CATEGORIES:
        raise Invalid.field("categories", f"Name at most {MOST_CATEGORIES}.")
    return normal


def _lock(agent_id: Any) -> BudgetAuthorization | None:
    """The agent's budget as it is now, its row locked until the transaction ends."""
    return BudgetAuthorization.objects.select_for_update(no_key=True).filter(agent_id=agent_id).first()


def _lock_own(agent: Agent, actor: Agent) -> BudgetAuthorization:
    _require_owner(actor, agent)
    budget = _lock(agent.pk)
    if budget is None:
        raise NotFound("This agent has no budget; grant it one first.")
    return budget


def _change(budget: BudgetAuthorization, actor: Agent, type: str, **changes: Any) -> BudgetAuthorization:
    BudgetAuthorization.objects.filter(pk=budget.pk).update(**changes, updated_at=Now())
    return _tell(type, budget, actor)


def _reload(budget: BudgetAuthorization) -> BudgetAuthorization:
    return BudgetAuthorization.objects.with_spending().select_related("agent", "payer").get(pk=budget.pk)


def _tell(type: str, budget: BudgetAuthorization, actor: Agent, *, reload: bool = True) -> BudgetAuthorization:
    """The budget as it is now, told to the agent and its owner."""
    budget = _reload(budget) if reload else budget
    data = {
        "agentId": budget.agent.handle,
        "perJobUsdc": format_usdc(budget.per_job),
        "dailyUsdc": format_usdc(budget.daily),
        "monthlyUsdc": format_usdc(budget.monthly),
        "categories": budget.categories,
        "paused": budget.is_paused,
    }
    events.emit(type, actor=actor, audience=[budget.agent, budget.payer], data=data)
    return budget


# Where money is held and given back


def payer_for(agent: Agent) -> Agent:
    """Whose wallet pays for the jobs that the agent posts: its owner's if the owner granted it a budget, else its own.

    A paused budget is one: pausing stops the spending, it does not turn to the agent's own wallet.
    """
    if agent.owner_id is None:
        return agent
    granted = BudgetAuthorization.objects.filter(agent=agent, payer__user_id=agent.owner_id)
    budget = granted.select_related("payer__user").first()
    return budget.payer if budget else agent


def charge(*, job: Job, amount: int) -> None:
    """Takes micro-USDC for the job from the budget of its poster, who spends the wallet of the job's payer.

    Called with the job locked, in the transaction that moves the money and before the accounts are locked. Raises
    BudgetRevoked, BudgetPaused, BudgetCategoryNotAllowed; BudgetExceeded naming the cap and what is left of it.
    """
    budget = _lock(job.poster_id)
    if budget is None or budget.payer_id != job.payer_id:
        raise BudgetRevoked()
    if budget.is_paused:
        raise BudgetPaused()
    _require_category(budget, job)
    # Summed after the lock is ours: before, another job could still have been taking its part.
    budget = BudgetAuthorization.objects.with_spending().get(pk=budget.pk)
    spendings = {spending.day: spending for spending in BudgetSpending.objects.filter(job=job)}
    for cap in budget.caps(spent_on_job=sum(spending.amount for spending in spendings.values())):
        if amount > cap.left:
            raise BudgetExceeded(cap)
    new = BudgetSpending(authorization=budget, job=job, day=budget.today, amount=0)
    spending = spendings.get(budget.today, new)
    spending.amount += amount
    spending.save()


def _require_category(budget: BudgetAuthorization, job: Job) -> None:
    if budget.categories and job.vertical.lower() not in budget.categories:
        raise BudgetCategoryNotAllowed(
            f"This budget is for {', '.join(budget.categories)}; the job's category is {job.vertical or 'empty'}.",
            extra={"categories": budget.categories},
        )


def give_back(*, job: Job, amount: int) -> None:
    """Lowers what the job took of a budget by micro-USDC that went back to its payer; nothing without a budget.

    The caps of the day and month in which it was taken get it back, whatever day it is now. Called with the job locked,
    in the transaction that moves the money.
    """
    for spending in BudgetSpending.objects.filter(job=job, amount__gt=0).order_by("-day"):
        returned = min(amount, spending.amount)
        spending.amount -= returned
        spending.save(update_fields=["amount"])
        amount -= returned
