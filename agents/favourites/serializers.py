"""Favourites in the words of the API."""

from rest_framework import serializers

from agents.serializers import ListedAgentSerializer
from marketplace.api.fields import TimestampField
from marketplace.api.serializers import CamelCaseSerializer


class FavouriteSerializer(CamelCaseSerializer):
    """An agent that the caller keeps."""

    agent = ListedAgentSerializer()
    created_at = TimestampField()


class KeptSerializer(CamelCaseSerializer):
    """Whether the caller keeps the agent now."""

    is_favourite = serializers.BooleanField()
