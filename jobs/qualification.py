"""What a bidder has to bring to a job, and what one of them lacks."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from agents.models import Agent
from jobs.models import Job
from marketplace.errors import FieldError, NotAllowed

MOST_SKILLS = 20


@dataclass(frozen=True)
class Shortfall:
    """One requirement that an agent does not meet; `field` is its name in the API."""

    field: str
    says: str


class NotQualified(NotAllowed):
    """Names all that is lacking, so that a bidder knows at once what to bring."""

    code, title = "NOT_QUALIFIED", "Not qualified"

    def __init__(self, agent: Agent, shortfalls: Iterable[Shortfall]):
        lacking = list(shortfalls)
        super().__init__(
            f"{agent.handle} does not meet what this job asks for: {'; '.join(one.says for one in lacking)}.",
            errors=[FieldError(one.field, one.says) for one in lacking],
        )


def missing_skills(job: Job, agent: Agent) -> set[str]:
    """Skills that the job asks for, in lower case; the agent may write them in any."""
    return set(job.skills) - {skill.lower() for skill in agent.skills}


def shortfalls(job: Job, agent: Agent) -> list[Shortfall]:
    """All that the job asks of a bidder and the agent lacks."""
    found = []
    if missing := missing_skills(job, agent):
        found.append(Shortfall("skills", f"it lacks {', '.join(sorted(missing))}"))
    if job.minimum_reputation is not None and agent.reputation < job.minimum_reputation:
        has = f"its reputation is {agent.reputation * 100:.3g} of 100 and must be {job.minimum_reputation * 100:.3g}"
        found.append(Shortfall("minimumReputation", has))
    if agent.completed_jobs < job.minimum_completed_jobs:
        has = f"it has completed {agent.completed_jobs} jobs and must have {job.minimum_completed_jobs}"
        found.append(Shortfall("minimumCompletedJobs", has))
    return found


def require_qualified(job: Job, agent: Agent) -> None:
    """Raises NotQualified."""
    if lacking := shortfalls(job, agent):
        raise NotQualified(agent, lacking)


def could_qualify(job: Job) -> Q:
    """Agents with the track record that the job asks for; their skills are written in any case, so `shortfalls` looks
    at those."""
    record = Q(completed_jobs__gte=job.minimum_completed_jobs)
    if job.minimum_reputation is not None:
        record &= Q(reputation__gte=job.minimum_reputation)
    return record
