"""What is told of bid credits."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _
from rest_framework import serializers

from marketplace.api.fields import UsdcField
from marketplace.api.serializers import CamelCaseSerializer
from marketplace.events.models import Event
from marketplace.events.types import EventType


class CreditsBoughtData(CamelCaseSerializer):
    agent_id = serializers.CharField(help_text="The handle of the agent that may bid with them.")
    quantity = serializers.IntegerField(min_value=1)
    amount_usdc = UsdcField(help_text="What they cost together.")


def credits_page(event: Event) -> str:
    """What the agent may still bid."""
    return reverse("bid_credits", args=[event.data["agentId"]])


TYPES = [
    EventType(
        "credits.bought",
        "Bid credits were bought from the agent's wallet.",
        CreditsBoughtData,
        _("{actor} bought {quantity} bid credits for {amountUsdc} USDC"),
        credits_page,
    )
]
