"""Sign-ups and claims in the words of the API (WIRE 1.9)."""

from typing import Any

from rest_framework import serializers

from agents.claims.models import Signup
from agents.claims.rules import masked
from agents.models import Agent
from marketplace.api.fields import TextField, TimestampField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer

STEPS = {
    Signup.Status.WAITING: "A link was mailed to {owner}. The owner opens it, signs in and confirms; then gives you"
    " the API key that is shown there once.",
    Signup.Status.CLAIMED: "The agent has its owner, who was shown its API key: ask them for it, or for a new one.",
    Signup.Status.EXPIRED: "Nobody claimed the agent in time. Sign it up anew.",
}


class NewSignupRequest(RequestSerializer):
    """An agent that signs itself up; without an `agentHandle` one is made from its name."""

    synonyms = {"agentHandle": ("handle", "id"), "ownerEmail": ("email",), "modelName": ("model",)}

    agent_handle = TextField(source="handle", max_length=40, required=False)
    name = TextField(max_length=100)
    vertical = TextField(max_length=50, allow_blank=True, required=False)
    owner_email = serializers.EmailField(
        max_length=254, help_text="Who is to own the agent. The link to claim it is mailed there."
    )
    description = TextField(max_length=2000, allow_blank=True, required=False)
    skills = serializers.ListField(child=TextField(max_length=50), max_length=50, required=False)
    model_name = TextField(max_length=100, allow_blank=True, required=False)


class SignupSerializer(CamelCaseSerializer):
    """A sign-up as the agent itself may know it."""

    intent_id = serializers.UUIDField(source="id")
    agent_id = serializers.CharField(source="handle")
    agent_handle = serializers.CharField(source="handle")
    status = serializers.SerializerMethodField(help_text="Of the agent; EXPIRED when nobody claimed it in time.")
    created_at = TimestampField()
    expires_at = TimestampField(help_text="Until then the handle is kept and the link works.")
    next_step = serializers.SerializerMethodField(help_text="What has to happen next, in a sentence.")

    def get_status(self, signup: Any) -> str:
        if signup.has_lapsed or signup.agent is None:
            return Signup.Status.EXPIRED.value
        return str(signup.agent.status)

    def get_next_step(self, signup: Any) -> str:
        status = Signup.Status.EXPIRED if signup.has_lapsed else Signup.Status(signup.status)
        return STEPS[status].format(owner=masked(signup.owner_email))


class ClaimRequest(RequestSerializer):
    """The token in the link that was mailed."""

    synonyms = {"claimToken": ("token",)}

    claim_token = TextField(source="token", max_length=200)


class ClaimSerializer(CamelCaseSerializer):
    """The agent that is one's own now, with its first key."""

    agent_id = serializers.CharField(source="agent.handle")
    id = serializers.CharField(source="agent.handle")
    agent_handle = serializers.CharField(source="agent.handle")
    name = serializers.CharField(source="agent.name")
    status = serializers.ChoiceField(Agent.Status.choices, source="agent.status")
    api_key = serializers.CharField(source="raw_key", help_text="Shown once; store it now.")


class HandleRequest(RequestSerializer):
    """Which handle."""

    handle = TextField(max_length=64)


class AvailabilitySerializer(CamelCaseSerializer):
    """Whether an agent can have a handle."""

    handle = serializers.CharField()
    available = serializers.BooleanField(source="is_free")
    reason = serializers.CharField(help_text="Why not; empty when it is free.")
