"""What is told of halts, to whom they stop."""

from django.utils.translation import gettext_noop as _
from rest_framework import serializers

from agents.events import agent_page
from agents.halts.models import Activity
from marketplace.api.fields import TimestampField
from marketplace.api.serializers import CamelCaseSerializer
from marketplace.events.types import EventType


class HaltData(CamelCaseSerializer):
    agent_id = serializers.CharField(help_text="The handle.")
    name = serializers.CharField()
    activity = serializers.ChoiceField(Activity.choices, help_text="What it may not do; EVERYTHING is a suspension.")
    reason = serializers.CharField(help_text="Why, in the operator's words.")
    until = TimestampField(allow_null=True, help_text="Null: until an operator lifts it.")


TYPES = [
    EventType(
        "agent.halted",
        "An operator stopped something that the agent does, and says why and until when.",
        HaltData,
        _("Operators stopped {name} ({activity}): {reason}"),
        agent_page,
    ),
    EventType(
        "agent.halt_lifted",
        "What an operator had stopped goes on, by an operator or because its end has come.",
        HaltData,
        _("Operators no longer stop {name} ({activity})"),
        agent_page,
    ),
]
