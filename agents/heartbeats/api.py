"""When an agent was heard, over HTTP."""

from typing import Any

from rest_framework.response import Response

from agents.heartbeats.models import Hour
from agents.heartbeats.queries import heard_hours
from agents.heartbeats.serializers import HeartbeatsSerializer
from agents.queries import find_agent
from agents.rules import require_sight
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class HeartbeatViewSet(ApiViewSet):
    """For the agent itself and its owner."""

    tag = "agents"
    queryset = Hour.objects.all()
    serializer_class = HeartbeatsSerializer

    def retrieve(self, request: ApiRequest, **kwargs: Any) -> Response:
        """The last week, hour by hour in UTC, the oldest first; hours of silence included."""
        agent = find_agent(self.kwargs["agent_id"], me=request.actor)
        require_sight(request.actor, agent)
        return self.reply({"agent": agent, "hours": heard_hours(agent)})
