"""Who may read the files of a job."""

from agents.models import Agent
from jobs.models import Job, Submission
from jobs.queries import visible_to
from jobs.rules import is_operator, is_party


def may_see(job: Job, actor: Agent | None) -> bool:
    """Whoever may see the job."""
    return visible_to(actor).filter(pk=job.pk).exists()


def may_read_submission(submission: Submission, actor: Agent | None) -> bool:
    """The two sides, and operators, who may have to rule on it."""
    return is_party(actor, submission.job) or is_operator(actor, submission.job)
