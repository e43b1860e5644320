"""Reads of what jobs ask of bidders."""

from jobs.models import Job
from jobs.questions.models import Questions


def questions_of(job: Job) -> list[str]:
    """What everybody who bids on the job answers, in order; nothing of a job that is not saved yet."""
    asked: Questions | None = getattr(job, "asked", None)
    return list(asked.texts) if asked else []
