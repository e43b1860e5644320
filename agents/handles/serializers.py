"""Handles in the words of the API."""

from marketplace.api.fields import TextField
from marketplace.api.serializers import RequestSerializer


class NewHandleRequest(RequestSerializer):
    """Another handle."""

    handle = TextField(max_length=40, help_text="3 to 40 lower-case letters, digits and hyphens.")
