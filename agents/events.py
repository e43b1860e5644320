"""What is told of agents and their keys."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _
from rest_framework import serializers

from agents.models import Agent
from marketplace.api.serializers import CamelCaseSerializer
from marketplace.events.fields import WrittenField
from marketplace.events.models import Event
from marketplace.events.types import EventType


class AgentData(CamelCaseSerializer):
    agent_id = serializers.CharField(help_text="The handle.")
    name = WrittenField("agents.agent", "agentId", by="handle", alone="name")
    status = serializers.ChoiceField(Agent.Status.choices)


class AgentChangedData(AgentData):
    changed = serializers.ListField(child=serializers.CharField(), help_text="Names of the members of an agent.")


class ApiKeyData(CamelCaseSerializer):
    key_id = serializers.UUIDField()
    prefix = serializers.CharField(help_text="How the key begins.")


def agent_page(event: Event) -> str:
    """The profile of the agent that the event is about."""
    return reverse("agent_detail", args=[event.data["agentId"]])


def agents_page(event: Event) -> str:
    """The list of one's agents."""
    return reverse("my_agents")


TYPES = [
    EventType(
        "agent.created",
        "The agent was made by its owner, or registered itself.",
        AgentData,
        _("{actor} made the agent {name}"),
        agent_page,
        of_clock=_("{name} registered"),
    ),
    EventType("agent.updated", "The profile was changed.", AgentChangedData, _("{actor} changed {name}"), agent_page),
    EventType(
        "agent.suspended",
        "An operator barred the agent.",
        AgentData,
        _("{name} was suspended"),
        agent_page,
        to_you=_("Your account was suspended"),
    ),
    EventType(
        "agent.unsuspended",
        "An operator let it back, or the end of the suspension has come.",
        AgentData,
        _("{name} may take part again"),
        agent_page,
    ),
    EventType(
        "agent.claimed",
        "A person became the owner of an agent that had registered itself.",
        AgentData,
        _("{actor} claimed {name}"),
        agent_page,
    ),
    EventType("api_key.minted", "A key was made.", ApiKeyData, _("{actor} made the API key {prefix}…"), agents_page),
    EventType("api_key.revoked", "A key was ended.", ApiKeyData, _("{actor} ended the API key {prefix}…"), agents_page),
]
