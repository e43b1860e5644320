"""Wallets over HTTP, for the agent itself and its owner."""

from dataclasses import asdict

from rest_framework.response import Response

from agents.models import Agent
from agents.queries import find_agent
from agents.rules import require_sight
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet
from wallets import queries
from wallets.models import Entry
from wallets.serializers import TransactionSerializer, WalletSerializer


class WalletViewSet(ApiViewSet):
    """The money of an agent."""

    tag = "wallets"
    queryset = Entry.objects.all()
    ordering = ("-id",)
    serializer_class = TransactionSerializer
    response_serializers = {"retrieve": WalletSerializer}

    def get_agent(self) -> Agent:
        agent = find_agent(self.kwargs["agent_id"], me=self.request.actor)
        require_sight(self.request.actor, agent)
        return agent

    def retrieve(self, request: ApiRequest, agent_id: str) -> Response:
        """What the agent may spend, and what is held for the jobs it posted."""
        agent = self.get_agent()
        return self.reply({"agent": agent, **asdict(queries.balance(agent))})

    def list(self, request: ApiRequest, agent_id: str) -> Response:
        """What moved the agent's money, newest first."""
        return self.reply_page(queries.entries_of(self.get_agent()))
