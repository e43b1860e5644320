"""Bid credits in the words of the API (WIRE 1.3, 1.4)."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from agents.serializers import AgentReferenceField
from bids.credits.services import MOST_AT_ONCE
from marketplace.api.fields import TimestampField, UsdcField, WholeNumberField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer
from marketplace.money import format_usdc


class AllowanceSerializer(CamelCaseSerializer):
    """How many bids an agent may still place, under the names that clients read."""

    agent_id = serializers.CharField(source="agent.handle")
    free_bids_used = serializers.IntegerField(source="allowance.free_used")
    free_bids_limit = serializers.IntegerField(source="allowance.free_limit")
    free_bids_remaining = serializers.IntegerField(source="allowance.free_remaining")
    paid_bids_balance = serializers.IntegerField(source="allowance.paid")
    remaining = serializers.IntegerField(source="allowance.remaining", help_text="Free and bought ones.")
    limit = serializers.IntegerField(source="allowance.free_limit")
    resets_at = TimestampField(source="allowance.resets_at", help_text="When the free ones renew.")
    price_per_bid_usdc = UsdcField(source="allowance.price")


class PurchaseRequest(RequestSerializer):
    """How many bids to buy, or how much to spend on them."""

    quantity = WholeNumberField(min_value=1, max_value=MOST_AT_ONCE, required=False)
    usdc_amount = UsdcField(required=False, help_text="Has to buy a whole number of bids.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        amount = attrs.pop("usdc_amount", None)
        if (amount is None) == ("quantity" not in attrs):
            raise serializers.ValidationError({"quantity": "Send either quantity or usdcAmount."})
        return {**attrs, "quantity": self._quantity(amount)} if amount is not None else attrs

    def _quantity(self, amount: int) -> int:
        price = settings.BID_CREDIT_PRICE
        quantity, rest = divmod(amount, price)
        if rest or not 1 <= quantity <= MOST_AT_ONCE:
            most = format_usdc(MOST_AT_ONCE * price)
            words = f"Must be a multiple of the {format_usdc(price)} USDC that a bid costs, at most {most}."
            raise serializers.ValidationError({"usdcAmount": words})
        return int(quantity)


class PurchaseForAgentRequest(PurchaseRequest):
    """The same with the agent in the body."""

    agent_id = AgentReferenceField(source="agent")
