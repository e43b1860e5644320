"""Agents and keys in the words of the API (WIRE 1.3, 1.4)."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.avatars.addresses import avatar_url
from agents.listings.queries import public_listing
from agents.models import Agent
from agents.queries import find_agent
from agents.reputation import PARTS, PRIOR
from agents.services import OWNER_STATUSES
from agents.webhooks.queries import endpoint_of
from marketplace.api.fields import FixedField, TextField, TimestampField, UsdcField, WholeNumberField, WordField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer
from marketplace.errors import NotFound
from marketplace.money import format_usdc
from marketplace.screening.serializers import ScreenedSerializer

URL_LENGTH = 2000


@extend_schema_field({"type": "string", "maxLength": 64})
class AgentReferenceField(TextField):
    """An agent by handle or UUID."""

    def to_internal_value(self, data: Any) -> Agent:  # type: ignore[override]
        try:
            return find_agent(super().to_internal_value(data))
        except NotFound as error:
            raise serializers.ValidationError(error.detail) from error


@extend_schema_field({"type": ["string", "null"], "format": "uri"})
class AvatarField(serializers.Field[Any, Any, str | None, Any]):
    """Where an agent's picture is."""

    def __init__(self, **kwargs: Any):
        says = "Its picture, a WebP of 256 × 256; null without one."
        super().__init__(source="avatar", read_only=True, help_text=says, **kwargs)

    def to_representation(self, value: UUID) -> str | None:
        return avatar_url(value)


class AgentSerializer(CamelCaseSerializer):
    """What anyone may know of an agent. `id` is the handle; `uuid` is accepted wherever `id` is."""

    id = serializers.CharField(source="handle")
    handle = serializers.CharField()
    uuid = serializers.UUIDField(source="id")
    kind = serializers.ChoiceField(Agent.Kind.choices)
    name = serializers.CharField()
    description = serializers.CharField()
    vertical = serializers.CharField()
    skills = serializers.ListField(child=serializers.CharField())
    model_name = serializers.CharField()
    status = serializers.ChoiceField(Agent.Status.choices)
    completed_jobs = serializers.IntegerField()
    jobs_completed = serializers.IntegerField(source="completed_jobs")
    reputation = serializers.FloatField(min_value=0, max_value=1, help_text="From 0 to 1; 0.5 for a newcomer.")
    reputation_score = serializers.FloatField(source="reputation", min_value=0, max_value=1, help_text="The same.")
    rating_average = serializers.SerializerMethodField(help_text="Of the stars given to its work; null without any.")
    rating_count = serializers.IntegerField()
    passed_fundamentals = FixedField(False)
    certifications = FixedField([])
    wallet_address = serializers.SerializerMethodField(
        help_text="Its own wallet outside, as it says itself (EIP-55); null when it says none."
    )
    avatar_url = AvatarField()
    last_heartbeat_at = TimestampField(allow_null=True)
    created_at = TimestampField()

    @extend_schema_field({"type": ["string", "null"], "pattern": "^0x[0-9a-fA-F]{40}$"})
    def get_wallet_address(self, agent: Agent) -> str | None:
        return agent.wallet_address or None

    @extend_schema_field({"type": ["number", "null"], "minimum": 1, "maximum": 5})
    def get_rating_average(self, agent: Agent) -> float | None:
        return agent.rating_average if agent.rating_count else None


class ListedAgentSerializer(ScreenedSerializer, AgentSerializer):
    """The same with what it offers, in lists."""

    texts = ("description",)

    verified = serializers.SerializerMethodField(help_text="Whether an operator has verified its listing.")
    tagline = serializers.SerializerMethodField(help_text="Of the verified listing; empty without one.")
    base_price_usdc = serializers.SerializerMethodField(help_text="Of the verified listing; null without one.")
    unit = serializers.SerializerMethodField(help_text="What the price is for: JOB, HOUR or TOKENS.")

    def get_verified(self, agent: Agent) -> bool:
        return public_listing(agent) is not None

    def get_tagline(self, agent: Agent) -> str:
        listing = public_listing(agent)
        return listing.tagline if listing else ""

    @extend_schema_field({"type": ["string", "null"]})
    def get_base_price_usdc(self, agent: Agent) -> str | None:
        listing = public_listing(agent)
        return format_usdc(listing.base_price) if listing and listing.base_price else None

    @extend_schema_field({"type": ["string", "null"]})
    def get_unit(self, agent: Agent) -> str | None:
        listing = public_listing(agent)
        return listing.unit if listing else None


class ReputationPartSerializer(CamelCaseSerializer):
    """One of the things that the reputation comes from."""

    name = serializers.ChoiceField([part.name for part in PARTS], source="part.name")
    meaning = serializers.CharField(source="part.meaning")
    value = serializers.FloatField(min_value=0, max_value=1, help_text="How the agent stands, drawn towards the prior.")
    weight = serializers.FloatField(source="part.weight", help_text="The part's share of the whole.")
    points = serializers.FloatField(help_text="value × weight: the points of all parts add up to the reputation.")
    jobs = serializers.FloatField(source="evidence.jobs", help_text="How many jobs are known, by their worth.")
    good = serializers.FloatField(source="evidence.good", help_text="What of them went well.")
    prior_jobs = serializers.FloatField(source="part.prior_jobs", help_text="How many jobs the prior stands for.")


class ReputationBreakdownSerializer(CamelCaseSerializer):
    """Why the reputation is what it is: docs/reputation.md has the formula."""

    reputation = serializers.FloatField(min_value=0, max_value=1)
    prior = FixedField(PRIOR)
    parts = ReputationPartSerializer(many=True, source="shares")
    computed_at = TimestampField(source="agent.reputation_computed_at", allow_null=True)


class AgentProfileSerializer(ListedAgentSerializer):
    """What anyone may know of one agent, with the reasons of its reputation."""

    reputation_breakdown = ReputationBreakdownSerializer(source="known_record")


class OwnAgentSerializer(AgentSerializer):
    """What the agent itself and its owner may know besides."""

    status_report = serializers.CharField()
    min_budget_usdc = UsdcField(source="minimum_budget", allow_null=True, help_text="It is not told of jobs for less.")
    max_active_jobs = serializers.IntegerField(
        source="most_active_jobs", allow_null=True, help_text="It is not told of new jobs while it works on that many."
    )
    webhook_url = serializers.SerializerMethodField()
    webhook_secret = serializers.CharField(
        default=None, allow_null=True, help_text="Signs webhooks; shown when the webhook is set."
    )

    def get_webhook_url(self, agent: Agent) -> str | None:
        endpoint = endpoint_of(agent)
        return endpoint.url if endpoint else None


class AgentProfileRequest(RequestSerializer):
    """What an agent says of itself."""

    synonyms = {"modelName": ("model",)}

    name = TextField(max_length=100, required=False)
    description = TextField(max_length=2000, allow_blank=True, required=False)
    vertical = TextField(max_length=50, allow_blank=True, required=False)
    skills = serializers.ListField(child=TextField(max_length=50), max_length=50, required=False)
    min_budget_usdc = UsdcField(source="minimum_budget", allow_null=True, required=False)
    max_active_jobs = WholeNumberField(
        source="most_active_jobs", min_value=1, max_value=1000, allow_null=True, required=False
    )
    model_name = TextField(max_length=100, allow_blank=True, required=False)
    wallet_address = TextField(
        max_length=100, allow_blank=True, required=False, help_text="0x and 40 hex digits; EIP-55 is checked."
    )
    webhook_url = TextField(
        max_length=URL_LENGTH, allow_blank=True, required=False, help_text="Empty: no more webhooks."
    )


class NewAgentRequest(AgentProfileRequest):
    """A new AI agent; without an `id` its handle is made from its name."""

    synonyms = {**AgentProfileRequest.synonyms, "id": ("handle", "agentHandle")}

    id = TextField(source="handle", max_length=40, required=False)
    name = TextField(max_length=100)


class AgentChangesRequest(AgentProfileRequest):
    """Changes to an agent; what is absent stays."""

    status = WordField(sorted(OWNER_STATUSES), required=False)


class HeartbeatRequest(RequestSerializer):
    """A sign of life, with what the agent is doing in its own words."""

    status_report = TextField(max_length=2000, allow_blank=True, required=False)


class WebhookRequest(RequestSerializer):
    """Where the agent wants to be told what happens."""

    synonyms = {"url": ("webhookUrl",)}

    url = TextField(source="webhook_url", max_length=URL_LENGTH)


class ApiKeySerializer(CamelCaseSerializer):
    """A key, never its text."""

    id = serializers.UUIDField()
    agent_id = serializers.CharField(source="agent.handle")
    name = serializers.CharField()
    prefix = serializers.CharField()
    created_at = TimestampField()
    expires_at = TimestampField(allow_null=True)
    last_used_at = TimestampField(allow_null=True)
    revoked_at = TimestampField(allow_null=True)


class MintedKeySerializer(ApiKeySerializer):
    """A new key with its text."""

    raw_key = serializers.CharField(help_text="Shown once; store it now.")


class RegistrationRequest(RequestSerializer):
    """An agent that registers itself; without an `id` its handle is made from its name."""

    synonyms = {"id": ("handle", "agentHandle"), "modelName": ("model",)}

    id = TextField(source="handle", max_length=40, required=False)
    name = TextField(max_length=100)
    description = TextField(max_length=2000, allow_blank=True, required=False)
    vertical = TextField(max_length=50, allow_blank=True, required=False)
    skills = serializers.ListField(child=TextField(max_length=50), max_length=50, required=False)
    model_name = TextField(max_length=100, allow_blank=True, required=False)
    wallet_address = TextField(
        max_length=100, allow_blank=True, required=False, help_text="0x and 40 hex digits; EIP-55 is checked."
    )


class RegistrationSerializer(MintedKeySerializer):
    """The first key of an agent that registered itself, with its text."""

    agent = AgentSerializer()


class NewKeyRequest(RequestSerializer):
    """A name to recognise the key by, and when it ends."""

    name = TextField(max_length=100)
    expires_at = TimestampField(required=False)
