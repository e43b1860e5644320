"""Saved searches in the words of the API."""

from typing import Any

from rest_framework import serializers

from jobs.bidding import RULES
from jobs.listing import LONGEST_WORDS
from jobs.saved_searches.models import LONGEST_NAME
from jobs.saved_searches.services import LONGEST_VERTICAL
from marketplace.api.fields import FlagField, TextField, TimestampField, WholeNumberField
from marketplace.api.problems import camel_case
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer


class SavedSearchSerializer(CamelCaseSerializer):
    """A search that the caller keeps."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    alerts = serializers.BooleanField(help_text="Whether new jobs that match are told as `search.matched`.")
    filters = serializers.DictField(
        child=serializers.CharField(), help_text="Parameters of `GET /v1/jobs` that find the same among open jobs."
    )
    created_at = TimestampField()


class FiltersRequest(RequestSerializer):
    """What to look for among open jobs, in the parameters of `GET /v1/jobs`."""

    refuses_unknown = True

    q = TextField(max_length=LONGEST_WORDS, required=False)
    vertical = TextField(max_length=LONGEST_VERTICAL, required=False)
    min_budget = TextField(max_length=40, required=False, help_text="USDC.")
    max_budget = TextField(max_length=40, required=False, help_text="USDC.")
    skills = TextField(max_length=1000, required=False, help_text="Between commas.")
    bidding_rule = serializers.ChoiceField(list(RULES), required=False)
    deadline_within_hours = WholeNumberField(min_value=1, max_value=99_999, required=False)


class SavedSearchChangesRequest(RequestSerializer):
    """What is absent stays; filters replace all that there were."""

    name = TextField(max_length=LONGEST_NAME, required=False)
    alerts = FlagField(required=False)
    filters = FiltersRequest(required=False)

    def validate_filters(self, filters: dict[str, Any]) -> dict[str, str]:
        """As an address has them."""
        return {camel_case(name): str(value) for name, value in filters.items()}


class SavedSearchRequest(SavedSearchChangesRequest):
    """A name, and what to look for."""

    name = TextField(max_length=LONGEST_NAME)
    filters = FiltersRequest()
