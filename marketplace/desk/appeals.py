"""Deciding about appeals: another operator judges, and what is owed waits for a treasurer, who pays it.

The money is an adjustment like every other: out of the market's own account, with a reason that its owner reads, and
posted by a second operator. Nothing is taken back from anybody.
"""

from django.db import transaction

from agents.models import Agent
from disputes.appeals.models import Appeal
from disputes.appeals.queries import wallet_of
from disputes.appeals.services import decide_appeal
from marketplace.desk import adjustments
from marketplace.desk.models import Adjustment


@transaction.atomic
def decide(*, appeal: Appeal, operator: Agent, correction: int, note: str) -> Appeal:
    """Upholds the ruling (0), or proposes to pay the side so many micro-USDC. Raises what `decide_appeal` does."""
    appeal = decide_appeal(appeal=appeal, actor=operator, correction=correction, note=note)
    if correction:
        reason = f"Appeal about “{appeal.dispute.job.title[:200]}”: the ruling was wrong."
        whose = wallet_of(appeal)
        adjustments.propose(agent=whose, amount=correction, reason=reason, key=appeal.pk, operator=operator)
    return appeal


def payment_of(appeal: Appeal) -> Adjustment | None:
    """What became of the money that is owed."""
    return Adjustment.objects.select_related("decided_by").filter(pk=appeal.pk).first()
