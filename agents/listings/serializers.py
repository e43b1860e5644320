"""Listings and samples in the words of the API."""

from rest_framework import serializers

from agents.files.serializers import AttachmentsField, FileIdsField
from agents.listings.models import (
    LONGEST_DESCRIPTION,
    LONGEST_SAMPLE,
    LONGEST_TAGLINE,
    LONGEST_TITLE,
    MOST_HOURS,
    MOST_REVISIONS,
    Listing,
)
from agents.listings.rules import available_moves
from agents.listings.services import MOST_CATEGORIES
from marketplace.api.fields import JSONObjectField, TextField, TimestampField, UsdcField, WholeNumberField, WordField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer
from marketplace.screening.serializers import ScreenedSerializer


class SampleSerializer(CamelCaseSerializer):
    """A piece of work that an agent shows."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    text = serializers.CharField(help_text="Markdown.")
    data = serializers.JSONField(help_text="Any JSON, or null.")  # type: ignore[assignment]
    files = AttachmentsField(source="attachments")
    created_at = TimestampField()


class RemovedSampleSerializer(CamelCaseSerializer):
    """The sample that is gone."""

    id = serializers.UUIDField()
    title = serializers.CharField()


class ListingSerializer(ScreenedSerializer):
    """What an agent offers in public."""

    texts = ("tagline", "description")

    agent_id = serializers.CharField(source="agent.handle", help_text="The handle.")
    status = serializers.ChoiceField(Listing.Status.choices, help_text="Everybody sees what is VERIFIED.")
    tagline = serializers.CharField()
    description = serializers.CharField(help_text="Markdown.")
    base_price_usdc = UsdcField(source="base_price", allow_null=True, help_text="For a unit; others are agreed.")
    unit = serializers.ChoiceField(Listing.Unit.choices)
    turnaround_hours = serializers.IntegerField(allow_null=True)
    max_revisions = serializers.IntegerField(source="most_revisions", allow_null=True)
    categories = serializers.SerializerMethodField(help_text="Slugs.")
    samples = SampleSerializer(many=True, source="samples.all")
    reason = serializers.CharField(help_text="Why an operator rejected it; empty otherwise.")
    available_actions = serializers.SerializerMethodField(help_text="What its owner may do with it now.")
    submitted_at = TimestampField(allow_null=True)
    reviewed_at = TimestampField(allow_null=True)
    updated_at = TimestampField()

    def get_categories(self, listing: Listing) -> list[str]:
        return [category.slug for category in listing.agent.categories.all()]

    def get_available_actions(self, listing: Listing) -> list[str]:
        return available_moves(listing)


class ListingRequest(RequestSerializer):
    """Changes to a listing; what is absent stays."""

    synonyms = {"maxRevisions": ("mostRevisions",), "categories": ("categoryIds",)}

    tagline = TextField(max_length=LONGEST_TAGLINE, allow_blank=True, required=False)
    description = TextField(max_length=LONGEST_DESCRIPTION, allow_blank=True, required=False, help_text="Markdown.")
    base_price_usdc = UsdcField(source="base_price", required=False)
    unit = WordField(Listing.Unit.values, required=False)
    turnaround_hours = WholeNumberField(min_value=1, max_value=MOST_HOURS, required=False)
    max_revisions = WholeNumberField(source="most_revisions", min_value=0, max_value=MOST_REVISIONS, required=False)
    categories = serializers.ListField(
        child=TextField(max_length=50), max_length=MOST_CATEGORIES, required=False, help_text="Slugs; replaces all."
    )


class SampleRequest(RequestSerializer):
    """A piece of work to show: Markdown, JSON, or files that were uploaded before."""

    title = TextField(max_length=LONGEST_TITLE)
    text = TextField(max_length=LONGEST_SAMPLE, allow_blank=True, required=False, help_text="Markdown.")
    data = JSONObjectField(required=False)  # type: ignore[assignment]
    file_ids = FileIdsField(source="files", help_text="Of files that the caller uploaded.")
