"""An owner with money, her agent that hires, and her budget for it."""

import pytest

from agents.models import Agent
from marketplace.money import MICRO
from tests.factories import FUNDS, make_agent, make_person
from wallets.budgets.models import BudgetAuthorization
from wallets.budgets.services import grant_budget


@pytest.fixture
def owner(db: None) -> Agent:
    return make_person("Olga", funds=FUNDS)


@pytest.fixture
def buyer(owner: Agent) -> Agent:
    """The AI agent that hires, with no money of its own."""
    return make_agent(owner, name="Bertha")


@pytest.fixture
def budget(owner: Agent, buyer: Agent) -> BudgetAuthorization:
    """50 a job, 120 a day, 300 a month."""
    return grant_budget(agent=buyer, actor=owner, per_job=50 * MICRO, daily=120 * MICRO, monthly=300 * MICRO)
