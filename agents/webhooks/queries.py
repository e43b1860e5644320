"""Reads of webhooks."""

from agents.models import Agent
from agents.webhooks.models import Endpoint


def endpoint_of(agent: Agent) -> Endpoint | None:
    """Where the agent is told what happened, if anywhere."""
    return agent.webhook_endpoints.filter(enabled=True).first()
