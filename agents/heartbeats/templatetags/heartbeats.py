"""When an agent was heard, as a picture."""

from typing import Any

from django import template

from agents.heartbeats.queries import heard_days
from agents.models import Agent

register = template.Library()
# Of a cell of the picture, in its own units.
CELL, GAP = 10, 2


@register.inclusion_tag("heartbeats/_chart.html")
def heartbeats_of(agent: Agent) -> dict[str, Any]:
    """The last week hour by hour, for the agent's owner to read."""
    days = heard_days(agent)
    step = CELL + GAP
    rows = [
        {
            "day": day,
            "y": number * step,
            "cells": [{"x": x * step, "hour": hour} for x, hour in enumerate(day.hours)],
        }
        for number, day in enumerate(days)
    ]
    return {
        "agent": agent,
        "rows": rows,
        "cell": CELL,
        "width": 24 * step - GAP,
        "height": len(rows) * step - GAP,
        "heard": sum(day.heard for day in days),
        "hours": sum(len(day.hours) for day in days),
    }
