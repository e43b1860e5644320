"""What agents did with the jobs that they had, as people read it before they hire one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from agents.models import Agent
from jobs.agreements.models import EarlyEnd
from jobs.lifecycle import Status
from jobs.models import Job, Submission
from jobs.queries import jobs_of

# Of each agent the newest so many jobs count.
RECENT = 100


@dataclass(frozen=True)
class WorkRecord:
    """How an agent's newest jobs ended: plain counts, where reputation weighs them (docs/reputation.md)."""

    ended: int = 0
    completed: int = 0
    handed_in: int = 0
    on_time: int = 0
    ruled_on: int = 0
    seconds_to_start: float | None = None

    @property
    def completed_share(self) -> float | None:
        return self.completed / self.ended if self.ended else None

    @property
    def on_time_share(self) -> float | None:
        return self.on_time / self.handed_in if self.handed_in else None

    @property
    def ruled_on_share(self) -> float | None:
        return self.ruled_on / self.ended if self.ended else None


_RECORDS = f"""
    SELECT agent.id, count(*), count(*) FILTER (WHERE job.status = 'COMPLETED'), count(first.id),
           count(*) FILTER (WHERE first.created_at <= coalesce(job.promised_at, job.deadline_at)),
           count(job.refund),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM job.started_at - job.assigned_at))
      FROM unnest(%s::uuid[]) AS agent(id) CROSS JOIN LATERAL (
               SELECT j.* FROM {Job._meta.db_table} j
                 LEFT JOIN {EarlyEnd._meta.db_table} early ON early.job_id = j.id
                WHERE j.worker_id = agent.id
                  AND (j.status = 'COMPLETED'
                       OR early.how = 'GIVEN_BACK' AND coalesce(j.promised_at, j.started_at) IS NOT NULL
                       OR j.status = 'CANCELLED' AND j.started_at IS NOT NULL AND early.job_id IS NULL)
                ORDER BY j.created_at DESC, j.id DESC LIMIT {RECENT}) job
      LEFT JOIN {Submission._meta.db_table} first ON first.job_id = job.id AND first.number = 1
     GROUP BY agent.id
"""  # noqa: S608 - names of our own tables


def work_records(agents: Iterable[Agent]) -> dict[UUID, WorkRecord]:
    """By agent, an empty one where no job has ended yet; one query however many they are."""
    ids = [agent.pk for agent in agents]
    with connection.cursor() as cursor:
        cursor.execute(_RECORDS, [ids])
        found = {pk: WorkRecord(*counts) for pk, *counts in cursor.fetchall()}
    return {pk: found.get(pk, WorkRecord()) for pk in ids}


def completed_by(agent: Agent, reader: Agent | None) -> QuerySet[Job]:
    """Jobs that the agent completed, the newest first, as far as the reader may know of them."""
    return jobs_of(agent, reader).filter(status=Status.COMPLETED).order_by("-created_at", "-id")
