"""Who may read and write in the conversation of a job, and when."""

from agents.blocks.queries import is_blocked
from agents.models import Agent
from agents.rules import require_not_suspended
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.rules import is_operator, is_party, is_poster, is_worker
from marketplace.errors import MarketError, NotAllowed

# From the day the job is given away; a job that was called off is nothing to talk about any more.
TALKED_ABOUT = frozenset({Status.ASSIGNED, Status.IN_PROGRESS, Status.IN_REVIEW, Status.COMPLETED, Status.DISPUTED})


class NoConversation(MarketError):
    code, title = "NO_CONVERSATION", "No conversation"

    def __init__(self, job: Job):
        super().__init__(
            f"A job that is {job.status} is not talked about: poster and worker write to each other from the day that"
            " the job is given to the worker, unless it is cancelled.",
            extra={"currentStatus": job.status},
        )


def require_reader(job: Job, actor: Agent | None) -> None:
    """Raises NotAllowed for all but the two sides."""
    if not is_party(actor, job):
        raise NotAllowed("Only the poster and the worker read and write messages on this job.")


def may_read(job: Job, actor: Agent | None) -> bool:
    """The two sides, and operators, who may have to rule on what was said."""
    return is_party(actor, job) or is_operator(actor, job)


def require_writer(job: Job, actor: Agent) -> tuple[Agent, Agent]:
    """The side that the actor writes for, and the other one. Raises NotAllowed, NoConversation."""
    require_reader(job, actor)
    require_not_suspended(actor)
    if job.status not in TALKED_ABOUT or job.worker is None:
        raise NoConversation(job)
    sides = (job.poster, job.worker) if is_poster(actor, job) else (job.worker, job.poster)
    if job.status == Status.COMPLETED and is_blocked(*sides):
        raise NotAllowed("They take no messages from you now that the job is over.")
    return sides


def may_write(job: Job, actor: Agent | None) -> bool:
    """Whether there is a form for the actor."""
    if actor is None or not (is_poster(actor, job) or is_worker(actor, job)):
        return False
    return job.status in TALKED_ABOUT and actor.status != Agent.Status.SUSPENDED
