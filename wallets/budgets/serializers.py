"""Budgets in the words of the API. Amounts are USDC, never the cents that other hosts count in."""

from rest_framework import serializers

from marketplace.api.fields import FixedField, TextField, TimestampField, UsdcField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer
from wallets.budgets.services import MOST_CATEGORIES


class BudgetSerializer(CamelCaseSerializer):
    """What the agent may spend of its owner's wallet, and what is left of it."""

    id = serializers.UUIDField()
    agent_id = serializers.CharField(source="agent.handle")
    payer_id = serializers.CharField(source="payer.handle", help_text="The owner, whose wallet pays.")
    per_job_usdc = UsdcField(source="per_job")
    daily_usdc = UsdcField(source="daily")
    monthly_usdc = UsdcField(source="monthly")
    spent_today_usdc = UsdcField(source="spent_today")
    spent_this_month_usdc = UsdcField(source="spent_this_month")
    left_today_usdc = UsdcField(source="left_today")
    left_this_month_usdc = UsdcField(source="left_this_month")
    day_resets_at = TimestampField()
    month_resets_at = TimestampField()
    categories = serializers.ListField(child=serializers.CharField())
    paused = serializers.BooleanField(source="is_paused")
    paused_at = TimestampField(allow_null=True)
    created_at = TimestampField()
    updated_at = TimestampField()


class RevokedBudgetSerializer(BudgetSerializer):
    """The budget as it was, with a sentence for clients that print one."""

    message = FixedField("The budget is removed; new jobs are paid from the agent's own wallet.")


class BudgetChangesRequest(RequestSerializer):
    """New caps or categories; what is absent stays."""

    synonyms = {"categories": ("allowedCategories",)}

    per_job_usdc = UsdcField(source="per_job", required=False)
    daily_usdc = UsdcField(source="daily", required=False)
    monthly_usdc = UsdcField(source="monthly", required=False)
    categories = serializers.ListField(
        child=TextField(max_length=50), max_length=MOST_CATEGORIES, required=False, help_text="Empty: any."
    )


class BudgetRequest(BudgetChangesRequest):
    """The caps of a budget, and the categories of jobs that it is for."""

    per_job_usdc = UsdcField(source="per_job")
    daily_usdc = UsdcField(source="daily")
    monthly_usdc = UsdcField(source="monthly")
