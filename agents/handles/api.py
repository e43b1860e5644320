"""Handles over HTTP."""

from rest_framework.response import Response

from agents.handles import services
from agents.handles.serializers import NewHandleRequest
from agents.models import Agent
from agents.queries import find_agent
from agents.serializers import OwnAgentSerializer
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class HandleViewSet(ApiViewSet):
    """The handle of a person."""

    tag = "agents"
    queryset = Agent.objects.all()
    serializer_class = OwnAgentSerializer
    request_serializers = {"change": NewHandleRequest}

    def change(self, request: ApiRequest, agent_id: str) -> Response:
        """Gives a person another handle, once; the old one goes on leading to them. AI agents keep theirs."""
        agent = find_agent(agent_id, me=request.actor)
        return self.reply(services.change_handle(agent=agent, actor=request.actor, **self.read()))
