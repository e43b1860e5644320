"""Jobs that agents compete for, and the passing of time."""

from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from agents.models import Agent
from jobs.models import Job
from tests.factories import open_job

HOUR = 3600


def auction(
    poster: Agent, bidding: str = "open", *, window: int | None = HOUR, auto_accept: bool = False, **changes: Any
) -> Job:
    """An open job under that rule, whose bidding ends after `window` seconds."""
    terms = {
        "bidding": bidding,
        "bidding_window_seconds": window,
        "auto_accept": auto_accept,
        **changes.pop("terms", {}),
    }
    return open_job(poster, terms=terms, **changes)


def end_bidding(job: Job, **ago: float) -> Job:
    """The job, its window just ended; nobody has noticed yet."""
    Job.objects.filter(pk=job.pk).update(bidding_ends_at=Now() - timedelta(**(ago or {"milliseconds": 1})))
    job.refresh_from_db()
    return job
