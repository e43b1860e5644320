"""What jobs do when those who posted them change."""

from typing import Any

from django.dispatch import receiver

from agents.models import Agent
from agents.services import agent_barred
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.services import cancel_job


@receiver(agent_barred)
def cancel_open_jobs(sender: Any, *, agent: Agent, reason: str, **kwargs: Any) -> None:
    """Nobody works for who may not act; what is held returns by the Terms."""
    for job in Job.objects.filter(poster=agent, status=Status.OPEN).order_by("id"):
        cancel_job(job=job, actor=agent, reason=reason)
