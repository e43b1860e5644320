"""The clock of the jobs: due rows are found by sweeps, so that a missed beat is only late, never lost."""

from collections.abc import Callable
from typing import Any

import structlog
from celery import shared_task
from django.db import transaction
from django.db.models import QuerySet

from agents.halts.queries import clocks_stand
from jobs.matching import match_job
from jobs.models import Job
from jobs.queries import due_for_approval, due_to_expire, due_to_match, due_to_mature, fallen_silent
from jobs.services import auto_approve_job, expire_job, mature_payout, note_silence

logger = structlog.get_logger(__name__)


@shared_task
def approve_due_reviews() -> int:
    """Approves the submissions whose review window has ended; returns how many."""
    return settle(due_for_approval, auto_approve_job)


@shared_task
def expire_due_jobs() -> int:
    """Cancels the open jobs whose deadline has passed; returns how many."""
    return settle(due_to_expire, expire_job)


@shared_task
def mature_due_payouts() -> int:
    """Pays out the payouts whose dispute window has ended; returns how many."""
    return settle(due_to_mature, mature_payout)


@shared_task
def note_missed_heartbeats() -> int:
    """Flags the jobs whose worker has fallen silent and tells both sides; returns how many."""
    return settle(fallen_silent, note_silence)


@shared_task
def match_new_jobs() -> int:
    """Tells fitting agents of jobs that were published; returns how many jobs."""
    return settle(due_to_match, match_job)


def settle(due: Callable[[], QuerySet[Job]], verb: Callable[..., Any]) -> int:
    """Does the verb to each due job, each in its own transaction; one that fails is logged and does not stop the rest.

    All that are due, however many: a limit would let that many failing ones hide the others for ever. A job that
    another sweep has locked is skipped: that sweep settles it. While nobody can act, time decides nothing.
    """
    if clocks_stand():
        return 0
    settled = 0
    for pk in list(due().values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                job = due().filter(pk=pk).select_for_update(skip_locked=True, of=("self",), no_key=True).first()
                if job is not None:
                    verb(job=job)
                    settled += 1
        except Exception:
            logger.exception("sweep_failed", verb=verb.__name__, job=str(pk))
    return settled
