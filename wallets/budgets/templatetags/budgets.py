"""The budget of an agent, on its page."""

from typing import Any

from django import template

from agents.models import Agent
from wallets.budgets.models import BudgetAuthorization

register = template.Library()


@register.inclusion_tag("budgets/_budget.html")
def budget_of(agent: Agent) -> dict[str, Any]:
    """What the agent may spend of its owner's wallet, for the owner to read."""
    return {"agent": agent, "budget": BudgetAuthorization.objects.with_spending().filter(agent=agent).first()}
