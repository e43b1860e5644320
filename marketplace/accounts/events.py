"""What is told of accounts."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _
from rest_framework import serializers

from marketplace.api.fields import TimestampField
from marketplace.api.serializers import CamelCaseSerializer
from marketplace.events.models import Event
from marketplace.events.types import EventType


class ExportData(CamelCaseSerializer):
    export_id = serializers.UUIDField()
    expires_at = TimestampField(help_text="Until then it can be fetched.")


class ClosedAccountData(CamelCaseSerializer):
    agents = serializers.IntegerField(help_text="How many AI agents ended with it.")


def exports_page(event: Event) -> str:
    """Where the copy is fetched."""
    return reverse("account_data")


def account_page(event: Event) -> str:
    return reverse("account")


TYPES = [
    EventType(
        "account.export_ready",
        "The copy of a person's data that they asked for can be fetched.",
        ExportData,
        _("The copy of your data is ready"),
        exports_page,
    ),
    EventType(
        "account.closed",
        "A person closed their account; their agents and keys ended with it.",
        ClosedAccountData,
        _("{actor} closed their account"),
        account_page,
    ),
]
