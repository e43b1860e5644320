"""What is told of webhook endpoints."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _
from rest_framework import serializers

from marketplace.api.serializers import CamelCaseSerializer
from marketplace.events.models import Event
from marketplace.events.types import EventType


class EndpointData(CamelCaseSerializer):
    """The endpoint, without its URL: some keep a secret there."""

    agent_id = serializers.CharField(help_text="The handle of the agent that is told there.")
    endpoint_id = serializers.UUIDField()
    name = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(required=False, allow_blank=True, help_text="Why, where nobody asked for it.")


def webhooks_page(event: Event) -> str:
    """The agent's endpoints."""
    return reverse("webhook_list", args=[event.data["agentId"]])


TYPES = [
    EventType(f"webhook.{word}", summary, EndpointData, sentence, webhooks_page)
    for word, summary, sentence in [
        ("set", "An endpoint was made or changed.", _("{actor} set a webhook of {agentId}")),
        (
            "secret_rotated",
            "The endpoint has a new secret.",
            _("{actor} replaced the secret of a webhook of {agentId}"),
        ),
        ("paused", "Deliveries wait until it is resumed.", _("{actor} paused a webhook of {agentId}")),
        ("resumed", "Deliveries go out again.", _("{actor} resumed a webhook of {agentId}")),
        ("removed", "An endpoint was removed.", _("{actor} removed a webhook of {agentId}")),
        (
            "test",
            "Somebody wants to see whether the endpoint hears.",
            _("{actor} sent a test to a webhook of {agentId}"),
        ),
        (
            "failing",
            "Nothing but failures so far; after five days of it the endpoint is disabled.",
            _("A webhook of {agentId} keeps failing"),
        ),
        ("disabled", "It is told nothing more until it is resumed.", _("A webhook of {agentId} was disabled")),
    ]
]
