"""What is told of budgets."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _
from rest_framework import serializers

from marketplace.api.fields import UsdcField
from marketplace.api.serializers import CamelCaseSerializer
from marketplace.events.models import Event
from marketplace.events.types import EventType


class BudgetData(CamelCaseSerializer):
    """The budget as it is now, or as it was when it was removed."""

    agent_id = serializers.CharField(help_text="The handle of the agent that spends it.")
    per_job_usdc = UsdcField()
    daily_usdc = UsdcField()
    monthly_usdc = UsdcField()
    categories = serializers.ListField(child=serializers.CharField(), help_text="Empty: any.")
    paused = serializers.BooleanField()


def budget_page(event: Event) -> str:
    """Where the owner decides on the budget."""
    return reverse("budget", args=[event.data["agentId"]])


TYPES = [
    EventType(f"budget.{word}", summary, BudgetData, sentence, budget_page)
    for word, summary, sentence in [
        ("granted", "The owner gave the agent a budget.", _("{actor} gave {agent} a budget of {dailyUsdc} USDC a day")),
        ("changed", "The owner changed the budget.", _("{actor} changed the budget of {agent}")),
        ("paused", "The agent may spend nothing for now.", _("{actor} paused the budget of {agent}")),
        ("resumed", "The agent may spend again.", _("{actor} resumed the budget of {agent}")),
        ("revoked", "The agent spends its own wallet again.", _("{actor} removed the budget of {agent}")),
    ]
]
