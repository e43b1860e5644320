"""Webhook endpoints and deliveries in the words of the API."""

from typing import Any

from rest_framework import serializers

from agents.webhooks.models import Attempt, Delivery, Endpoint
from agents.webhooks.queries import tries_of
from marketplace.api.fields import FixedField, TextField, TimestampField, WholeNumberField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer

URL_LENGTH = 2000
LONGEST_OVERLAP = 7 * 86_400


class EndpointSerializer(CamelCaseSerializer):
    """Where an agent is told what happens, and how that fares. Never the secret."""

    id = serializers.UUIDField()
    agent_id = serializers.CharField(source="agent.handle")
    url = serializers.CharField()
    name = serializers.CharField()
    types = serializers.ListField(child=serializers.CharField(), help_text="Empty: every event.")
    status = serializers.ChoiceField(Endpoint.Status.choices)
    enabled = serializers.SerializerMethodField(help_text="Whether the status is ACTIVE.")
    disabled_reason = serializers.CharField()
    failing_since = TimestampField(allow_null=True, help_text="Nothing has arrived since; null while all is well.")
    last_success_at = TimestampField(allow_null=True)
    waiting = serializers.IntegerField(help_text="Deliveries that are still to be made.")
    previous_secret_until = TimestampField(
        allow_null=True, help_text="Until then events are signed with the previous secret too."
    )
    created_at = TimestampField()

    def get_enabled(self, endpoint: Endpoint) -> bool:
        return endpoint.status == Endpoint.Status.ACTIVE


class EndpointWithSecretSerializer(EndpointSerializer):
    """The endpoint with the secret that signs what it is sent, this once."""

    secret = serializers.CharField(help_text="Shown once; store it now.")


class DeletedEndpointSerializer(EndpointSerializer):
    """The endpoint as it was, with a sentence for clients that print one."""

    message = FixedField("The endpoint is deleted; nothing more is sent there.")


class DeliverySerializer(CamelCaseSerializer):
    """One event on its way to one endpoint."""

    id = serializers.CharField()
    endpoint_id = serializers.UUIDField()
    event_id = serializers.UUIDField(source="event.uid", help_text="The `webhook-id` of every attempt.")
    type = serializers.CharField(source="event.type")
    status = serializers.ChoiceField(Delivery.Status.choices)
    attempt_count = serializers.IntegerField(source="attempts")
    next_attempt_at = serializers.SerializerMethodField(help_text="null unless it is PENDING.")
    response_status = serializers.IntegerField(allow_null=True, help_text="Of the last answer.")
    last_error = serializers.CharField(help_text='Of the last attempt; "" if it went well.')
    created_at = TimestampField()
    delivered_at = TimestampField(allow_null=True)

    def get_next_attempt_at(self, delivery: Delivery) -> str | None:
        is_due = delivery.status == Delivery.Status.PENDING
        return TimestampField().to_representation(delivery.next_attempt_at) if is_due else None


class AttemptSerializer(CamelCaseSerializer):
    """One request to the receiver, and what it answered: as it came, and not to be trusted."""

    number = serializers.IntegerField()
    started_at = TimestampField()
    latency_ms = serializers.IntegerField(allow_null=True)
    request_headers = serializers.DictField(child=serializers.CharField())
    response_status = serializers.IntegerField(allow_null=True)
    response_body = serializers.CharField(help_text="The first 4,096 bytes.")
    error = serializers.CharField()


class DeliveryDetailSerializer(DeliverySerializer):
    """The delivery with what is sent and every attempt, the latest first."""

    request_body = serializers.SerializerMethodField(help_text="The same bytes in every attempt.")
    attempts = serializers.SerializerMethodField()

    def get_request_body(self, delivery: Delivery) -> str:
        return delivery.event.message.decode()

    def get_attempts(self, delivery: Delivery) -> AttemptSerializer(many=True):  # type: ignore[valid-type]
        attempts: list[Attempt] = list(tries_of(delivery))
        return AttemptSerializer(attempts, many=True).data


class CountSerializer(CamelCaseSerializer):
    """How many deliveries the call set going."""

    count = serializers.IntegerField()


class SecretField(TextField):
    """A signing secret of the caller's own."""

    def __init__(self, **kwargs: Any):
        hint = "`whsec_` and 24 to 64 bytes in base64; made for you if absent."
        super().__init__(required=False, max_length=100, help_text=hint, **kwargs)


class EndpointChangesRequest(RequestSerializer):
    """Changes to an endpoint; what is absent stays."""

    synonyms = {"url": ("webhookUrl",), "types": ("events", "eventTypes")}

    url = TextField(max_length=URL_LENGTH, required=False)
    name = TextField(max_length=100, allow_blank=True, required=False)
    types = serializers.ListField(
        child=TextField(max_length=50), max_length=200, required=False, help_text="Empty: every event."
    )


class NewEndpointRequest(EndpointChangesRequest):
    """A new endpoint; without a `secret` one is made."""

    url = TextField(max_length=URL_LENGTH)
    secret = SecretField()


class RotationRequest(RequestSerializer):
    """A new secret; without one it is made. For `overlapSeconds`, a day unless told, both sign."""

    secret = SecretField()
    overlap_seconds = WholeNumberField(required=False, min_value=0, max_value=LONGEST_OVERLAP)


class ResendRequest(RequestSerializer):
    """Since when deliveries that were given up are sent again."""

    since = TimestampField()


class ReplayRequest(ResendRequest):
    """Between when events that were missed altogether are sent: `since` is included, `until` is not."""

    until = TimestampField(required=False)
