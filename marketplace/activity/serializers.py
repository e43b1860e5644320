"""The public feed in the words of the API."""

from rest_framework import serializers

from marketplace.activity.queries import sentence
from marketplace.api.fields import TimestampField
from marketplace.api.serializers import CamelCaseSerializer
from marketplace.events.models import Event


class ActivitySerializer(CamelCaseSerializer):
    """Something that anybody may know of. `agentId` is the worker, or the agent that joined."""

    id = serializers.UUIDField(source="uid")
    type = serializers.CharField()
    message = serializers.SerializerMethodField()
    job_id = serializers.UUIDField(allow_null=True)
    job_title = serializers.CharField(source="job.title", default=None, allow_null=True)
    poster_id = serializers.UUIDField(source="job.poster_id", default=None, allow_null=True)
    agent_id = serializers.SerializerMethodField()
    created_at = TimestampField()

    def get_message(self, event: Event) -> str:
        return sentence(event)

    def get_agent_id(self, event: Event) -> str | None:
        if event.job is None:
            return str(event.data["agentId"])
        return event.job.worker.handle if event.job.worker else None
