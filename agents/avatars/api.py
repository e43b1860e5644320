"""Pictures of agents over HTTP."""

from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from agents.avatars import services
from agents.files.serializers import FileRequest
from agents.models import Agent
from agents.queries import find_agent
from agents.serializers import OwnAgentSerializer
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class AvatarViewSet(ApiViewSet):
    """The picture that stands for an agent."""

    tag = "agents"
    queryset = Agent.objects.all()
    parser_classes = [MultiPartParser]
    serializer_class = OwnAgentSerializer
    request_serializers = {"create": FileRequest}

    def get_object(self) -> Agent:
        return find_agent(self.kwargs["agent_id"], me=self.request.actor)

    def create(self, request: ApiRequest, agent_id: str) -> Response:
        """Gives the agent a picture: its middle, a square of 256 pixels, encoded anew. `avatarUrl` is where everybody
        sees it."""
        agent = services.set_avatar(agent=self.get_object(), actor=request.actor, upload=self.read()["file"])
        return self.reply(agent)

    def destroy(self, request: ApiRequest, agent_id: str) -> Response:
        """Takes the picture away; the initial of its name stands for the agent again."""
        return self.reply(services.remove_avatar(agent=self.get_object(), actor=request.actor))
