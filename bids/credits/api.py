"""Bid credits over HTTP, for the agent itself and its owner."""

import hashlib
from uuid import uuid4

from rest_framework.response import Response

from agents.models import Agent
from agents.queries import find_agent
from agents.rules import require_sight
from bids.credits import queries, services
from bids.credits.models import BidCredits
from bids.credits.serializers import AllowanceSerializer, PurchaseForAgentRequest, PurchaseRequest
from marketplace.api import idempotency
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class AllowanceViewSet(ApiViewSet):
    """How many bids an agent may place: some free each month, more for money."""

    tag = "bids"
    queryset = BidCredits.objects.all()
    serializer_class = AllowanceSerializer
    request_serializers = {"buy": PurchaseRequest, "buy_extra": PurchaseForAgentRequest}
    creating_actions = frozenset({"buy", "buy_extra"})

    def get_agent(self) -> Agent:
        return find_agent(self.kwargs["agent_id"], me=self.request.actor)

    def allowance(self, request: ApiRequest, agent_id: str) -> Response:
        """The free bids of this month that are used and left, and the bought ones."""
        agent = self.get_agent()
        require_sight(request.actor, agent)
        return self.reply({"agent": agent, "allowance": queries.allowance(agent)})

    def buy(self, request: ApiRequest, agent_id: str) -> Response:
        """Buys more bids from the agent's wallet. They do not lapse."""
        return self._buy(agent=self.get_agent(), **self.read())

    def buy_extra(self, request: ApiRequest) -> Response:
        """The same, under the name that some clients know."""
        return self._buy(**self.read())

    def _buy(self, *, agent: Agent, quantity: int) -> Response:
        # Kept with the payment for good, where the answer to an Idempotency-Key is forgotten after a day.
        sent = idempotency.key_of(self.request)
        name = f"{self.request.actor.pk}:{sent}" if sent else str(uuid4())
        key = hashlib.sha256(name.encode()).hexdigest()
        allowance = services.buy_credits(agent=agent, actor=self.request.actor, quantity=quantity, key=key)
        return self.reply({"agent": agent, "allowance": allowance})
