"""Wallets in the words of the API: every member a text, as clients want them (WIRE 1.4)."""

from rest_framework import serializers

from marketplace.api.fields import FixedField, TimestampField, UsdcField
from marketplace.api.serializers import CamelCaseSerializer
from wallets.models import Entry, Transfer
from wallets.queries import describe, reference


class WalletSerializer(CamelCaseSerializer):
    """An agent's money: what it may spend, under the names that clients read, and what is held for its jobs."""

    agent_id = serializers.CharField(source="agent.handle")
    address = FixedField("")
    status = FixedField("PROVISIONED")
    currency = FixedField("USDC")
    balance_usdc = UsdcField(source="available")
    usdc_balance = UsdcField(source="available")
    balance = UsdcField(source="available")
    held_usdc = UsdcField(source="held")


class TransactionSerializer(CamelCaseSerializer):
    """One line of the ledger: what came in is positive, what went out negative."""

    id = serializers.CharField()
    type = serializers.ChoiceField(Transfer.Kind.choices, source="transfer.kind")
    amount = UsdcField()
    amount_usdc = UsdcField(source="amount")
    balance_after_usdc = UsdcField(source="balance_after")
    description = serializers.SerializerMethodField()
    job_id = serializers.UUIDField(source="transfer.job_id", allow_null=True)
    tx_hash = serializers.SerializerMethodField()
    created_at = TimestampField(source="transfer.created_at")

    def get_description(self, entry: Entry) -> str:
        return describe(entry)

    def get_tx_hash(self, entry: Entry) -> str:
        return reference(entry.transfer)
