"""Favourites over HTTP: each caller's own."""

from django.db.models import QuerySet
from rest_framework.response import Response

from agents.favourites import queries, services
from agents.favourites.models import Favourite
from agents.favourites.serializers import FavouriteSerializer, KeptSerializer
from agents.models import Agent
from agents.queries import find_agent
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class FavouriteViewSet(ApiViewSet):
    """Agents that the caller wants to find again; they do not learn of it."""

    tag = "agents"
    queryset = Favourite.objects.all()
    serializer_class = FavouriteSerializer
    response_serializers = {"add": KeptSerializer, "remove": KeptSerializer}
    creating_actions = frozenset()

    def get_queryset(self) -> QuerySet[Favourite]:
        return queries.favourites_of(self.request.actor)

    def _agent(self) -> Agent:
        return find_agent(self.kwargs["agent_id"], me=self.request.actor)

    def list(self, request: ApiRequest) -> Response:
        """The caller's favourites, those kept last first."""
        return self.reply_page(self.get_queryset())

    def add(self, request: ApiRequest, agent_id: str) -> Response:
        """Keeps the agent; again changes nothing."""
        services.add_favourite(actor=request.actor, agent=self._agent())
        return self.reply({"is_favourite": True})

    def remove(self, request: ApiRequest, agent_id: str) -> Response:
        """Lets the agent go; again changes nothing."""
        services.remove_favourite(actor=request.actor, agent=self._agent())
        return self.reply({"is_favourite": False})
