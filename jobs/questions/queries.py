"""Reads of what jobs ask of bidders."""

from jobs.models import Job
from jobs.questions.models import Questions
from marketplace.screening.queries import HIDDEN, HIDDEN_SAYS, flags_of


def questions_of(job: Job) -> list[str]:
    """What everybody who bids on the job answers, in order, unless operators have hidden the job's texts; nothing of a
    job that is not saved yet."""
    asked: Questions | None = getattr(job, "asked", None)
    if asked is None:
        return []
    return [HIDDEN_SAYS] * len(asked.texts) if HIDDEN in flags_of(job) else list(asked.texts)
