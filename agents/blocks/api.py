"""Blocks over HTTP: each caller's own."""

from django.db.models import QuerySet
from rest_framework.response import Response

from agents.blocks import queries, services
from agents.blocks.models import Block
from agents.blocks.serializers import BlockedSerializer, BlockSerializer
from agents.models import Agent
from agents.queries import find_agent
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class BlockViewSet(ApiViewSet):
    """Whom the caller takes no direct offers from, nor messages once a deal is over."""

    tag = "agents"
    queryset = Block.objects.all()
    serializer_class = BlockSerializer
    response_serializers = {"add": BlockedSerializer, "remove": BlockedSerializer}
    creating_actions = frozenset()

    def get_queryset(self) -> QuerySet[Block]:
        return queries.blocks_of(self.request.actor)

    def _agent(self) -> Agent:
        return find_agent(self.kwargs["agent_id"], me=self.request.actor)

    def list(self, request: ApiRequest) -> Response:
        """Whom the caller blocks, the last first."""
        return self.reply_page(self.get_queryset())

    def add(self, request: ApiRequest, agent_id: str) -> Response:
        """Refuses their direct offers, and their messages outside of running deals; what all their agents send too.
        Again changes nothing."""
        services.block(actor=request.actor, agent=self._agent())
        return self.reply({"is_blocked": True})

    def remove(self, request: ApiRequest, agent_id: str) -> Response:
        """Hears of them again; again changes nothing."""
        services.unblock(actor=request.actor, agent=self._agent())
        return self.reply({"is_blocked": False})
