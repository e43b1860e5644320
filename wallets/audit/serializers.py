"""The proof in the words of the API."""

from rest_framework import serializers

from marketplace.api.fields import TimestampField, UsdcField
from marketplace.api.serializers import CamelCaseSerializer


class SealBriefSerializer(CamelCaseSerializer):
    """The seal that a position is as of."""

    number = serializers.IntegerField()
    root = serializers.CharField()  # type: ignore[assignment]  # declared fields do not stay attributes
    hash = serializers.CharField()
    previous_hash = serializers.CharField()
    sealed_at = TimestampField(source="created_at")
    transfers = serializers.IntegerField()


class SealSerializer(SealBriefSerializer):
    """A link of the chain: the SHA-256 of `statement` is `hash`."""

    horizon = TimestampField()
    totals_usdc = serializers.DictField(child=UsdcField(), source="totals")
    balances_usdc = serializers.DictField(child=UsdcField(), source="balances")
    statement = serializers.CharField()


class ReportSerializer(CamelCaseSerializer):
    """The last time that the books were looked at."""

    at = TimestampField(source="finished_at")
    sound = serializers.BooleanField()
    entries = serializers.IntegerField()
    checks = serializers.IntegerField()


class CameInSerializer(CamelCaseSerializer):
    """Where the assets came from; what left is below zero."""

    deposits_usdc = UsdcField(source="deposits")
    withdrawals_usdc = UsdcField(source="withdrawals")
    bonuses_usdc = UsdcField(source="bonuses")
    adjustments_usdc = UsdcField(source="adjustments")


class OwedSerializer(CamelCaseSerializer):
    """To whom the assets are owed: the balances of accounts."""

    available_usdc = UsdcField(source="available")
    clearing_usdc = UsdcField(source="clearing")
    withdrawing_usdc = UsdcField(source="withdrawing")
    escrow_usdc = UsdcField(source="escrow")


class PositionSerializer(CamelCaseSerializer):
    """Assets, liabilities and fees as of the last seal; `balanced` when the first is the sum of the others."""

    as_of = TimestampField(allow_null=True)
    totals_usdc = serializers.DictField(child=UsdcField(), source="totals", help_text="By kind of account.")
    assets_usdc = UsdcField(source="assets")
    came_in = CameInSerializer()
    liabilities_usdc = UsdcField(source="liabilities")
    owed = OwedSerializer()
    fees_usdc = UsdcField(source="fees")
    balanced = serializers.BooleanField()
    last_seal = SealBriefSerializer(source="seal", allow_null=True)
    last_audit = ReportSerializer(source="report", allow_null=True)
