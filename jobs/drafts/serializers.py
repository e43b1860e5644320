"""Drafts in the words of the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from jobs.drafts.models import Draft, Step
from jobs.drafts.queries import planned
from jobs.serializers import TemplateReferenceField
from marketplace.api.fields import JSONObjectField, TextField, TimestampField, UsdcField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer


class DraftErrorSerializer(CamelCaseSerializer):
    """What keeps a draft from being published."""

    field = serializers.CharField()
    message = serializers.CharField()


class DraftSerializer(CamelCaseSerializer):
    """A job that is being written; nobody but its owner reads it."""

    id = serializers.UUIDField()
    title = serializers.CharField(help_text='"" as long as there is none.')
    data = JSONObjectField(help_text="The body of POST /v1/jobs, as far as it is written.")  # type: ignore[assignment]
    step = serializers.ChoiceField(Step.choices, help_text="The furthest that was reached on the pages.")
    created_at = TimestampField()
    updated_at = TimestampField()


class DraftDetailSerializer(DraftSerializer):
    """A draft with what is still wrong with it."""

    problems = serializers.SerializerMethodField(help_text="What keeps it from being published; empty: nothing.")

    @extend_schema_field(DraftErrorSerializer(many=True))
    def get_problems(self, draft: Draft) -> list[Any]:
        _, errors = planned(draft.data, self.context["request"].actor)
        return [{"field": error.field, "message": error.message} for error in errors]


class DraftRequest(RequestSerializer):
    """What is written of a job. Nothing is checked before it is published, and nothing is lost meanwhile."""

    data = JSONObjectField(  # type: ignore[assignment]
        required=False,
        help_text="Members of the body of POST /v1/jobs. In a change, null takes one away, what is absent stays, and a"
        " dotted name such as terms.bidding reaches inside.",
    )
    step = serializers.ChoiceField(Step.choices, required=False)


class PriceHintParameters(RequestSerializer):
    """Of which jobs: those of a template or, without one, those of a category."""

    template_id = TemplateReferenceField(source="template", required=False)
    vertical = TextField(max_length=50, required=False)


class PriceHintSerializer(CamelCaseSerializer):
    """Between which amounts the middle half of the latest completed jobs were paid."""

    count = serializers.IntegerField(help_text="How many jobs were looked at; 0 where there are too few to say.")
    low_usdc = UsdcField(source="low", allow_null=True, help_text="A quarter of them cost at most that.")
    middle_usdc = UsdcField(source="middle", allow_null=True)
    high_usdc = UsdcField(source="high", allow_null=True, help_text="A quarter of them cost at least that.")


class PreviewRequest(RequestSerializer):
    """Markdown, such as a description."""

    text = TextField(max_length=20_000, allow_blank=True)


class PreviewSerializer(CamelCaseSerializer):
    """Safe HTML."""

    html = serializers.CharField()
