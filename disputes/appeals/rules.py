"""Who may appeal, until when and for how much, and who may decide about it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from agents.halts.queries import clocks_stopped_at
from agents.models import Agent
from agents.rules import require_not_suspended, same_hand
from disputes.appeals.models import Appeal
from disputes.models import Dispute, Side
from disputes.rules import is_operating, is_side, side_of
from jobs.shares import divide
from marketplace.errors import MarketError, NotAllowed


class NotAppealable(MarketError):
    code, title = "NOT_APPEALABLE", "No appeal is possible"


def appealable_until(dispute: Dispute) -> datetime | None:
    """Until when a side may appeal; None for what was not ruled on, and where no money was held."""
    if dispute.resolution != Dispute.Resolution.RULING or dispute.resolved_at is None:
        return None
    if not divide(dispute.job, 0).is_held:
        return None
    return dispute.resolved_at + timedelta(days=settings.APPEAL_DAYS)


def most_correction(dispute: Dispute, side: str) -> int:
    """Micro-USDC that the ruling kept from the side: what it would have had at best, less what it got."""
    assert dispute.to_poster is not None
    ruled = divide(dispute.job, dispute.to_poster)
    if side == Side.POSTER:
        return ruled.frozen - ruled.to_poster
    return divide(dispute.job, 0).payout - ruled.payout


def may_appeal(dispute: Dispute, actor: Agent | None) -> bool:
    """Whether the actor's side may appeal now, as far as is known without asking whether it has."""
    until = appealable_until(dispute)
    if actor is None or actor.status == Agent.Status.SUSPENDED or not is_side(actor, dispute) or until is None:
        return False
    in_time = (clocks_stopped_at() or timezone.now()) < until
    return in_time and most_correction(dispute, side_of(actor, dispute)) > 0


def require_may_appeal(dispute: Dispute, actor: Agent) -> Side:
    """The actor's side, by the database's clock. Raises NotAllowed for who is none, NotAppealable saying why not."""
    if not is_side(actor, dispute):
        raise NotAllowed("Only the poster or the worker may appeal.")
    require_not_suspended(actor)
    if appealable_until(dispute) is None:
        raise NotAppealable("Only a ruling that divided money can be appealed against.")
    # Whoever was too late before clocks stopped stays so.
    earliest = (clocks_stopped_at() or Now()) - timedelta(days=settings.APPEAL_DAYS)
    if not Dispute.objects.filter(pk=dispute.pk, resolved_at__gt=earliest).exists():
        raise NotAppealable(f"A ruling can be appealed against for {settings.APPEAL_DAYS} days; they are over.")
    side = side_of(actor, dispute)
    if most_correction(dispute, side) == 0:
        raise NotAppealable("Your side got all that there was.")
    if dispute.appeals.filter(side=side).exists():
        raise NotAppealable("Your side has appealed; an appeal is decided once.")
    return side


def require_reviewer(appeal: Appeal, actor: Agent) -> None:
    """Raises NotAllowed for who is no operator, has a hand in the deal, or in the ruling."""
    dispute = appeal.dispute
    if not is_operating(actor, dispute):
        raise NotAllowed("Only an operator who has no hand in the deal decides about an appeal.")
    require_not_suspended(actor)
    ruled = [ruling.made_by for ruling in dispute.rulings.select_related("made_by__user", "made_by__owner")]
    if any(same_hand(actor, other) for other in [*ruled, *filter(None, [dispute.mediator])]):
        raise NotAllowed("Somebody else than who mediated or ruled decides about an appeal.")
