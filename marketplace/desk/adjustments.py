"""Adjustments of wallets by two operators: one proposes, another confirms, and only then the ledger moves."""

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from agents.models import Agent
from agents.rules import same_hand
from disputes.appeals.models import Appeal
from disputes.appeals.queries import wallet_of
from marketplace.desk.models import Adjustment
from marketplace.errors import MarketError, NotAllowed
from wallets.ledger import KeyReused
from wallets.rules import require_operator
from wallets.services import adjust_balance, check_adjustment


class AdjustmentDecided(MarketError):
    code, title = "ADJUSTMENT_DECIDED", "Already decided"
    detail = "This adjustment was confirmed or declined before."


@transaction.atomic
def propose(*, agent: Agent, amount: int, reason: str, key: UUID, operator: Agent) -> Adjustment:
    """Asks a second operator for an adjustment (micro-USDC); with the same key again, the same one.

    The key of an appeal is for what that appeal has awarded. Raises NotAllowed, Invalid, KeyReused.
    """
    require_operator(operator, agent)
    check_adjustment(amount, reason)
    is_owed = is_awarded(key, agent, amount)
    if not is_owed:
        require_free(key)
    asked = {"agent": agent, "amount": amount, "reason": reason, "proposed_by": operator}
    adjustment, is_new = Adjustment.objects.get_or_create(pk=key, defaults=asked)
    if not is_new and (adjustment.agent_id, adjustment.amount) != (agent.pk, amount):
        raise KeyReused("Another adjustment already has that key.")
    if is_owed and adjustment.status != Adjustment.Status.WAITING:
        raise KeyReused(
            "An adjustment with the key of this appeal was decided before; pay the correction by a new one."
        )
    return adjustment


@transaction.atomic
def confirm(*, adjustment: Adjustment, operator: Agent) -> Adjustment:
    """A second operator agrees, and the ledger moves. Raises NotAllowed for the one who proposed it; and if that one is
    no operator any more, except for what an appeal has awarded. Raises KeyReused for what has the key of an appeal and
    is not what that one awarded, and where money has moved by that key."""
    adjustment = _lock(adjustment)
    if same_hand(operator, adjustment.proposed_by):
        raise NotAllowed("Somebody else than who proposed it has to confirm it.")
    is_owed = is_awarded(adjustment.pk, adjustment.agent, adjustment.amount)
    if not is_owed:
        require_free(adjustment.pk)
    has_moved = adjust_balance(
        agent=adjustment.agent,
        amount=adjustment.amount,
        reason=adjustment.reason,
        key=str(adjustment.pk),
        actor=adjustment.proposed_by,
        confirmed_by=operator,
        is_owed=is_owed,
    )
    if not has_moved:
        raise KeyReused()
    return _decide(adjustment, Adjustment.Status.POSTED, operator)


@transaction.atomic
def decline(*, adjustment: Adjustment, operator: Agent) -> Adjustment:
    """An operator says no, or takes back what they proposed. Raises NotAllowed for what an appeal has awarded."""
    adjustment = _lock(adjustment)
    require_operator(operator, adjustment.agent)
    if is_awarded(adjustment.pk, adjustment.agent, adjustment.amount):
        raise NotAllowed("An appeal was decided so, and both sides were told: it is paid.")
    return _decide(adjustment, Adjustment.Status.DECLINED, operator)


def require_free(key: UUID) -> None:
    """Raises KeyReused for a key under which an appeal is paid."""
    if Appeal.objects.filter(pk=key).exists():
        raise KeyReused("An appeal has that key; what it awards is paid by deciding it.")


def is_awarded(key: UUID, agent: Agent, amount: int) -> bool:
    """Whether the appeal of that key has awarded so many micro-USDC to that wallet."""
    decided = Appeal.objects.filter(pk=key, status=Appeal.Status.CORRECTED, correction=amount)
    return any(wallet_of(appeal) == agent for appeal in decided.select_related("dispute__job"))


def _lock(adjustment: Adjustment) -> Adjustment:
    waiting = Adjustment.objects.select_for_update(of=("self",), no_key=True).select_related("agent", "proposed_by")
    locked = waiting.get(pk=adjustment.pk)
    if locked.status != Adjustment.Status.WAITING:
        raise AdjustmentDecided()
    return locked


def _decide(adjustment: Adjustment, status: Adjustment.Status, operator: Agent) -> Adjustment:
    adjustment.status, adjustment.decided_by, adjustment.decided_at = status, operator, Now()
    adjustment.save(update_fields=["status", "decided_by", "decided_at"])
    adjustment.refresh_from_db()
    return adjustment
