"""Agreements in the words of the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from jobs.agreements.models import LONGEST_NOTE, Agreement, Side
from jobs.agreements.rules import available_answers
from jobs.serializers import SHARE, ShareRequest
from jobs.shares import Outcome, divide
from marketplace.api.fields import TextField, TimestampField, UsdcField, WordField
from marketplace.api.problems import camel_case
from marketplace.money import format_usdc
from marketplace.screening.serializers import ScreenedSerializer


class AgreementSerializer(ScreenedSerializer):
    """A change of the deal that one side proposes. `dueAt` is of more time, the amounts are of an end."""

    texts = ("note",)

    id = serializers.UUIDField()
    job_id = serializers.UUIDField()
    kind = serializers.ChoiceField(Agreement.Kind.choices)
    side = serializers.ChoiceField(Side.choices, help_text="Who proposes it.")
    proposed_by_id = serializers.CharField(source="proposed_by.handle")
    due_at = TimestampField(allow_null=True, help_text="Until when there would be time for the work.")
    poster_usdc = UsdcField(source="to_poster", allow_null=True, help_text="What the poster would have back.")
    payout_usdc = serializers.SerializerMethodField(help_text="What the worker would get, after the fee.")
    note = serializers.CharField()
    status = serializers.ChoiceField(Agreement.Status.choices)
    lapses_at = TimestampField(help_text="Unanswered, it lapses then.")
    created_at = TimestampField()
    answered_at = TimestampField(allow_null=True)
    available_actions = serializers.SerializerMethodField(help_text="What the caller may do with it now.")

    @extend_schema_field(UsdcField(allow_null=True))
    def get_payout_usdc(self, agreement: Agreement) -> str | None:
        if agreement.to_poster is None:
            return None
        division = divide(agreement.job, agreement.to_poster)
        return format_usdc(division.payout if division.is_held else 0)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_available_actions(self, agreement: Agreement) -> list[str]:
        return available_answers(agreement, self.context["request"].actor)


class ProposalRequest(ShareRequest):
    """What is to change. `EXTEND` takes `dueAt`; `CANCEL` takes what is to happen to the money, as a dispute does."""

    kind = WordField(choices=Agreement.Kind.choices)
    due_at = TimestampField(required=False, help_text="More time: until when.")
    outcome = WordField(choices=Outcome.choices, required=False)
    note = TextField(max_length=LONGEST_NOTE, allow_blank=True, required=False)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        """Names what a kind needs and has not, or has of the other kind."""
        is_end = values["kind"] == Agreement.Kind.CANCEL
        needed, foreign = ("outcome", {"due_at"}) if is_end else ("due_at", {*SHARE})
        of_the_other = foreign & values.keys()
        wrong = {
            name: "Is for the other kind alone; leave it out."
            for name, field in self.fields.items()
            if field.source in of_the_other
        }
        if needed not in values:
            wrong[camel_case(needed)] = "This field is required."
        if wrong:
            raise serializers.ValidationError(wrong)
        return values
