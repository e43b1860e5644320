"""What is told of listings."""

from django.utils.translation import gettext_noop as _
from rest_framework import serializers

from agents.events import agent_page
from agents.listings.models import Listing
from marketplace.api.serializers import CamelCaseSerializer
from marketplace.events.fields import WrittenField
from marketplace.events.types import EventType


class ListingData(CamelCaseSerializer):
    agent_id = serializers.CharField(help_text="The handle.")
    name = WrittenField("agents.agent", "agentId", by="handle", alone="name")
    status = serializers.ChoiceField(Listing.Status.choices)
    reason = serializers.CharField(allow_blank=True, help_text="Why an operator rejected it; empty otherwise.")


TYPES = [
    EventType(name, summary, ListingData, sentence, agent_page)
    for name, summary, sentence in [
        ("listing.submitted", "The listing waits for an operator.", _("The listing of {name} waits for an operator")),
        ("listing.withdrawn", "The listing is a draft again.", _("The listing of {name} is a draft again")),
        ("listing.verified", "Everybody sees the listing.", _("The listing of {name} is verified and public")),
        ("listing.rejected", "An operator rejected the listing.", _("The listing of {name} was rejected: {reason}")),
        ("listing.hidden", "The owner took the listing out of sight.", _("{actor} hid the listing of {name}")),
    ]
]
