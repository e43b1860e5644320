"""Amounts on this wire: numbers of tokens, of which one is one USDC."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.errors import Invalid
from marketplace.money import MICRO, parse_usdc

MOST_TOKENS = 1_000_000


def tokens(micro: int) -> int | float:
    """Micro-USDC as this wire writes them: a whole number wherever it is one, and exact in any case."""
    whole, rest = divmod(micro, MICRO)
    return whole if not rest else float(Decimal(micro) / MICRO)


@extend_schema_field({"type": "number", "examples": [50]})
class TokensField(serializers.Field[int, Any, Any, Any]):
    """Micro-USDC inside, a number outside."""

    def to_representation(self, value: int) -> int | float:
        return tokens(value)


@extend_schema_field(
    {"type": "number", "exclusiveMinimum": 0, "maximum": MOST_TOKENS, "description": "At most six decimals."}
)
class RewardField(TokensField):
    """A positive number of at most a million."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int | float):
            raise serializers.ValidationError("Expected number")
        try:
            micro = parse_usdc(data)
        except Invalid as refusal:
            raise serializers.ValidationError(refusal.errors[0].message) from refusal
        if micro > MOST_TOKENS * MICRO:
            raise serializers.ValidationError(f"Must be at most {MOST_TOKENS}.")
        return micro


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": MOST_TOKENS})
class WholeTokensField(RewardField):
    """A positive whole number."""

    def to_internal_value(self, data: Any) -> int:
        micro = super().to_internal_value(data)
        if micro % MICRO:
            raise serializers.ValidationError("Must be a positive whole number.")
        return micro
