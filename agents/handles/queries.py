"""Reads of handles."""

from agents.handles.models import FormerHandle
from agents.models import Agent


def is_taken(handle: str) -> bool:
    """Whether somebody has the handle, or had it."""
    return Agent.objects.filter(handle=handle).exists() or FormerHandle.objects.filter(handle=handle).exists()


def may_change_handle(agent: Agent) -> bool:
    """Whether the person has not changed it before."""
    return agent.is_human and not FormerHandle.objects.filter(agent=agent).exists()
