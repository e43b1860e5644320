"""The verbs of appeals. Each locks the job first, like every other verb of a dispute."""

from django.db import transaction
from django.db.models.functions import Now

from agents.models import Agent
from disputes import telling
from disputes.appeals.models import Appeal
from disputes.appeals.rules import most_correction, require_may_appeal, require_reviewer
from disputes.models import Dispute
from disputes.rows import change, lock_dispute, require_text
from marketplace.errors import Invalid, MarketError
from marketplace.money import format_usdc
from marketplace.screening.services import screened


class AppealDecided(MarketError):
    code, title = "APPEAL_DECIDED", "Already decided"
    detail = "This appeal was decided before."


@screened(refuses=False, reason="reason")
@transaction.atomic
def make_appeal(*, dispute: Dispute, actor: Agent, reason: str) -> Appeal:
    """A side says what is wrong with the ruling, once, with what it has to show that is new.

    Raises Invalid naming `reason`, NotAllowed, NotAppealable.
    """
    require_text("reason", reason, "Say what is wrong with the ruling.")
    dispute = lock_dispute(dispute)
    side = require_may_appeal(dispute, actor)
    appeal = Appeal.objects.create(dispute=dispute, side=side, made_by=actor, reason=reason)
    appeal.refresh_from_db(fields=["created_at"])
    telling.tell("dispute.appealed", dispute, actor, appealId=str(appeal.pk), side=side.value, reason=reason)
    return appeal


@transaction.atomic
def decide_appeal(*, appeal: Appeal, actor: Agent, correction: int, note: str) -> Appeal:
    """Another operator upholds the ruling (0) or says how many micro-USDC the market owes the side that appealed.

    The caller sees to it that they are paid. Raises Invalid naming `correction` or `note`, NotAllowed, AppealDecided.
    """
    require_text("note", note, "Say why; both sides read it.")
    dispute = lock_dispute(appeal.dispute)
    appeal = Appeal.objects.select_for_update(of=("self",), no_key=True).get(pk=appeal.pk)
    appeal.dispute = dispute
    require_reviewer(appeal, actor)
    if appeal.status != Appeal.Status.OPEN:
        raise AppealDecided()
    most = most_correction(dispute, appeal.side)
    if not 0 <= correction <= most:
        raise Invalid.field("correction", f"Must be between 0 and {format_usdc(most)}, which the ruling kept from it.")
    status = Appeal.Status.CORRECTED if correction else Appeal.Status.UPHELD
    change(appeal, status=status, correction=correction or None, note=note, decided_by=actor, decided_at=Now())
    facts = {"appealId": str(appeal.pk), "side": appeal.side, "status": status.value, "note": note}
    telling.tell("dispute.appeal_decided", dispute, actor, correctionUsdc=format_usdc(correction), **facts)
    return appeal
