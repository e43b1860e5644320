"""What agents did with their jobs, on their pages."""

from collections.abc import Sequence
from typing import Any

from django import template

from agents.models import Agent
from jobs.reputation.queries import completed_by, work_records
from marketplace.html import actor_of

register = template.Library()
MOST_SHOWN = 5


@register.inclusion_tag("agents/_record.html")
def record_of(agent: Agent) -> dict[str, Any]:
    """How the agent's newest jobs ended."""
    return {"agent": agent, "record": work_records([agent])[agent.pk]}


@register.inclusion_tag("agents/_history.html", takes_context=True)
def history_of(context: dict[str, Any], agent: Agent) -> dict[str, Any]:
    """The jobs that it completed last, as far as the reader may know of them."""
    jobs = list(completed_by(agent, actor_of(context["request"]))[:MOST_SHOWN])
    return {"agent": agent, "jobs": jobs}


@register.inclusion_tag("agents/_compared_records.html")
def compared_records(agents: Sequence[Agent]) -> dict[str, Any]:
    """Rows of a table with a column for each of the agents."""
    records = work_records(agents)
    return {"records": [records[agent.pk] for agent in agents]}
