"""What is told of a dispute: to both sides, and to the mediator once there is one."""

from typing import Any

from agents.models import Agent
from disputes.models import Dispute
from marketplace.events import services as events
from marketplace.timestamps import format_timestamp


def tell(type: str, dispute: Dispute, actor: Agent | None, **facts: Any) -> None:
    """Records the event in the caller's transaction."""
    job = dispute.job
    data = {"title": job.title, "disputeId": str(dispute.pk), "phase": str(dispute.phase), **facts}
    events.emit(type, job=job, actor=actor, audience=[job.poster, job.worker, dispute.mediator], data=data)


def tell_of_phase(dispute: Dispute, actor: Agent | None) -> None:
    """That it went on, who mediates and until when."""
    ends_at = dispute.phase_ends_at
    assert ends_at is not None
    mediator = dispute.mediator.handle if dispute.mediator else None
    tell("dispute.escalated", dispute, actor, phaseEndsAt=format_timestamp(ends_at), mediatorId=mediator)
