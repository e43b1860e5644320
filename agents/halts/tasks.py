"""The end of suspensions, by the clock."""

import structlog
from celery import shared_task

from agents.halts.queries import due_to_end
from agents.halts.services import lift

logger = structlog.get_logger(__name__)


@shared_task
def end_suspensions() -> int:
    """Lets back the agents whose suspension was until now; returns how many."""
    ended = 0
    for halt in due_to_end():
        try:
            lift(halt=halt)
            ended += 1
        except Exception:  # the others are let back all the same, and this one at the next sweep
            logger.exception("suspension_not_ended", halt=str(halt.pk))
    return ended
