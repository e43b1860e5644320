"""Reads of budgets."""

from agents.models import Agent
from agents.rules import require_sight
from marketplace.errors import NotFound
from wallets.budgets.models import BudgetAuthorization


def find_budget(agent: Agent, actor: Agent) -> BudgetAuthorization:
    """The agent's budget with its spending, for itself and its owner. Raises NotAllowed, NotFound."""
    require_sight(actor, agent)
    budget = BudgetAuthorization.objects.with_spending().select_related("agent", "payer").filter(agent=agent).first()
    if budget is None:
        raise NotFound("This agent has no budget: it spends its own wallet alone.")
    return budget
