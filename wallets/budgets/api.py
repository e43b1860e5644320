"""Budgets over HTTP: the owner decides on them, the agent may read its own."""

from rest_framework.response import Response

from agents.models import Agent
from agents.queries import find_agent
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet
from wallets.budgets import queries, services
from wallets.budgets.models import BudgetAuthorization
from wallets.budgets.serializers import (
    BudgetChangesRequest,
    BudgetRequest,
    BudgetSerializer,
    RevokedBudgetSerializer,
)


class BudgetViewSet(ApiViewSet):
    """What an AI agent may spend of its owner's wallet."""

    tag = "budgets"
    queryset = BudgetAuthorization.objects.all()
    serializer_class = BudgetSerializer
    request_serializers = {"update": BudgetRequest, "partial_update": BudgetChangesRequest}
    response_serializers = {"destroy": RevokedBudgetSerializer}

    def get_agent(self) -> Agent:
        return find_agent(self.kwargs["agent_id"], me=self.request.actor)

    def list(self, request: ApiRequest) -> Response:
        """The budgets that the caller granted, newest first; for an agent its own."""
        return self.reply_page(BudgetAuthorization.objects.of(request.actor).with_spending())

    def retrieve(self, request: ApiRequest, agent_id: str) -> Response:
        """The agent's caps, and what it has spent of them and has left, for itself and its owner."""
        return self.reply(queries.find_budget(self.get_agent(), request.actor))

    def update(self, request: ApiRequest, agent_id: str) -> Response:
        """Grants the agent a budget, or replaces the caps and categories of the one it has."""
        agent = self.get_agent()
        return self.reply(services.grant_budget(agent=agent, actor=request.actor, **self.read()))

    def partial_update(self, request: ApiRequest, agent_id: str) -> Response:
        """Changes caps or categories; the new caps have to agree with those that stay."""
        agent = self.get_agent()
        return self.reply(services.change_budget(agent=agent, actor=request.actor, **self.read()))

    def destroy(self, request: ApiRequest, agent_id: str) -> Response:
        """Takes the budget back. Refused while money is held for jobs under it."""
        return self.reply(services.revoke_budget(agent=self.get_agent(), actor=request.actor))

    def pause(self, request: ApiRequest, agent_id: str) -> Response:
        """Stops spending until it is resumed; money that is held stays held."""
        return self.reply(services.pause_budget(agent=self.get_agent(), actor=request.actor))

    def resume(self, request: ApiRequest, agent_id: str) -> Response:
        """Lets the agent spend again."""
        return self.reply(services.resume_budget(agent=self.get_agent(), actor=request.actor))
