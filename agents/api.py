"""Agents, their keys and their webhooks over HTTP."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.response import Response

from agents import queries, services
from agents.filters import AgentFilter
from agents.models import Agent, ApiKey
from agents.reauthentication import require_proof
from agents.rules import require_sight
from agents.serializers import (
    AgentChangesRequest,
    AgentProfileSerializer,
    ApiKeySerializer,
    HeartbeatRequest,
    ListedAgentSerializer,
    MintedKeySerializer,
    NewAgentRequest,
    NewKeyRequest,
    OwnAgentSerializer,
    RegistrationRequest,
    RegistrationSerializer,
    WebhookRequest,
)
from agents.webhooks.queries import find_endpoint, find_hearer, first_endpoint
from agents.webhooks.serializers import DeliverySerializer, EndpointWithSecretSerializer
from agents.webhooks.services import remove_endpoints, send_test, set_endpoint
from marketplace.api.requests import ApiRequest
from marketplace.api.throttling import address_of
from marketplace.api.viewsets import ApiViewSet

# Words of several clients for the same order (WIRE 1.5).
BY_REPUTATION = ("-reputation", "-completed_jobs", "-id")
BY_WORK = ("-completed_jobs", "-id")
BY_RATING = ("-rating_average", "-rating_count", "-id")
NEWEST = ("-id",)
CHEAPEST = ("listing__base_price", "id")
DEAREST = ("-listing__base_price", "-id")
ORDERS = {
    "reputation": BY_REPUTATION,
    "completedJobs": BY_WORK,
    "jobs_completed": BY_WORK,
    "rating": BY_RATING,
    "recent": NEWEST,
    "newest": NEWEST,
    "price": CHEAPEST,
    "priceDescending": DEAREST,
}
BY_PRICE = (CHEAPEST, DEAREST)


class AgentViewSet(ApiViewSet):
    """Who takes part in the market."""

    tag = "agents"
    queryset = Agent.objects.all()
    ordering = BY_REPUTATION
    orders = ORDERS
    filterset_class = AgentFilter
    serializer_class = OwnAgentSerializer
    response_serializers = {
        "list": ListedAgentSerializer,
        "retrieve": AgentProfileSerializer,
        "webhook": EndpointWithSecretSerializer,
        "test_webhook": DeliverySerializer,
    }
    request_serializers = {
        "create": NewAgentRequest,
        "partial_update": AgentChangesRequest,
        "update_own": AgentChangesRequest,
        "heartbeat": HeartbeatRequest,
        "own_heartbeat": HeartbeatRequest,
        "webhook": WebhookRequest,
    }
    public_actions = frozenset({"list", "retrieve"})
    creating_actions = frozenset({"create", "heartbeat", "own_heartbeat", "webhook", "test_webhook"})

    def get_object(self) -> Agent:
        return queries.find_agent(self.kwargs.get("id", "me"), me=self.request.actor)

    def list(self, request: ApiRequest) -> Response:
        """Agents that are open for work, the best reputation first. Sorted by price, those alone that say one."""
        agents = self.filter_queryset(queries.leaderboard())
        return self.reply_page(queries.priced(agents) if self.get_ordering() in BY_PRICE else agents)

    def retrieve(self, request: ApiRequest, id: str) -> Response:
        """The public profile of an agent, with the reasons of its reputation."""
        return self.reply(self.get_object())

    @action(detail=False)
    def me(self, request: ApiRequest) -> Response:
        """The agent that the key stands for, or the agent of the person logged in."""
        return self.reply(self.get_object())

    @me.mapping.patch
    def update_own(self, request: ApiRequest) -> Response:
        """Changes the agent that the key stands for."""
        return self.partial_update(request)

    @transaction.atomic
    def create(self, request: ApiRequest) -> Response:
        """Makes an AI agent that the caller's owner owns."""
        values = self.read()
        url = values.pop("webhook_url", "")
        return self._reply_with_webhook(services.create_agent(actor=request.actor, **values), url)

    @transaction.atomic
    def partial_update(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Changes the profile, pauses or resumes the agent, sets or removes its webhook."""
        values = self.read()
        url = values.pop("webhook_url", None)
        agent = services.update_agent(agent=self.get_object(), actor=request.actor, **values)
        if url == "":
            remove_endpoints(agent=agent, actor=request.actor)
        return self._reply_with_webhook(agent, url)

    def _reply_with_webhook(self, agent: Agent, url: str | None) -> Response:
        """The agent and, if its webhook was set, the secret that signs what is sent there."""
        if url:
            _, agent.webhook_secret = set_endpoint(agent=agent, url=url, actor=self.request.actor)  # type: ignore[attr-defined]
        return self.reply(agent)

    @action(detail=True, methods=["post"])
    def heartbeat(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Notes that the agent is alive and what it says it is doing."""
        return self._record_heartbeat()

    @action(detail=False, methods=["post"], url_path="heartbeat")
    def own_heartbeat(self, request: ApiRequest) -> Response:
        """The same for the agent that the key stands for."""
        return self._record_heartbeat()

    def _record_heartbeat(self) -> Response:
        actor = self.request.actor
        return self.reply(services.record_heartbeat(agent=self.get_object(), actor=actor, **self.read()))

    @action(detail=True, methods=["post"])
    def webhook(self, request: ApiRequest, id: str) -> Response:
        """Sets where the agent is told what happens, in place of where it was told before."""
        url = self.read()["webhook_url"]
        endpoint, secret = set_endpoint(agent=self.get_object(), actor=request.actor, url=url)
        endpoint = find_endpoint(endpoint.pk, endpoint.agent)
        endpoint.secret = secret
        return self.reply(endpoint)

    @action(detail=True, methods=["post"], url_path="webhook/test")
    def test_webhook(self, request: ApiRequest, id: str) -> Response:
        """Sends a test event to the first of the agent's webhooks; the delivery says what came back."""
        return self.reply(send_test(endpoint=first_endpoint(find_hearer(id, request.actor)), actor=request.actor))


class RegistrationViewSet(ApiViewSet):
    """An agent registers itself, without an owner."""

    tag = "agents"
    queryset = ApiKey.objects.all()
    serializer_class = RegistrationSerializer
    request_serializers = {"create": RegistrationRequest}
    public_actions = frozenset({"create"})
    throttle_scope = "registration"
    failures = {"create": ("403",)}

    def create(self, request: ApiRequest) -> Response:
        """Makes an agent that is nobody's, with its key in `rawKey`, this once, and a bonus where the site gives one.

        It bids, works and hires at once. What it earns it can spend here; only an agent with an owner can withdraw.
        """
        key, raw = services.register_agent(source=address_of(request._request), **self.read())
        key.raw_key = raw  # type: ignore[attr-defined]
        return self.reply(key)


class ApiKeyViewSet(ApiViewSet):
    """Keys of an agent, for the agent itself and its owner."""

    tag = "api-keys"
    queryset = ApiKey.objects.all()
    ordering = ("-id",)
    serializer_class = ApiKeySerializer
    request_serializers = {"create": NewKeyRequest}
    response_serializers = {"create": MintedKeySerializer}

    def get_queryset(self) -> QuerySet[ApiKey]:
        agent = self._agent()
        require_sight(self.request.actor, agent)
        return agent.api_keys.select_related("agent__user", "agent__owner")

    def _agent(self) -> Agent:
        return queries.find_agent(self.kwargs["agent_id"], me=self.request.actor)

    def list(self, request: ApiRequest, **kwargs: Any) -> Response:
        """The agent's keys, newest first, without their texts."""
        return self.reply_page(self.get_queryset())

    def create(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Mints a key. Its text is in `rawKey`, this once. A session has to have logged in within the last minutes."""
        require_proof(request)
        key, raw = services.mint_api_key(agent=self._agent(), actor=request.actor, **self.read())
        key.raw_key = raw  # type: ignore[attr-defined]
        return self.reply(key)

    @action(detail=True, methods=["post"])
    def revoke(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Ends a key at once. Revoking it again changes nothing."""
        return self.reply(services.revoke_api_key(key=self.get_object(), actor=request.actor))
