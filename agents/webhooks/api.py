"""Webhook endpoints and their deliveries over HTTP, for the agent itself and its owner."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.response import Response

from agents.models import Agent
from agents.webhooks import queries, services
from agents.webhooks.filters import DeliveryFilter
from agents.webhooks.models import Delivery, Endpoint
from agents.webhooks.serializers import (
    CountSerializer,
    DeletedEndpointSerializer,
    DeliveryDetailSerializer,
    DeliverySerializer,
    EndpointChangesRequest,
    EndpointSerializer,
    EndpointWithSecretSerializer,
    NewEndpointRequest,
    ReplayRequest,
    ResendRequest,
    RotationRequest,
)
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class OfHearerViewSet(ApiViewSet):
    """What concerns the webhooks of the agent in the address: to all others that agent is not there."""

    tag = "webhooks"

    def get_agent(self) -> Agent:
        return queries.find_hearer(self.kwargs["agent_id"], self.request.actor)


class EndpointViewSet(OfHearerViewSet):
    """Where an agent is told what happens."""

    queryset = Endpoint.objects.all()
    ordering = ("created_at", "id")
    serializer_class = EndpointSerializer
    request_serializers = {
        "create": NewEndpointRequest,
        "partial_update": EndpointChangesRequest,
        "rotate_secret": RotationRequest,
        "resend": ResendRequest,
        "replay": ReplayRequest,
    }
    response_serializers = {
        "create": EndpointWithSecretSerializer,
        "rotate_secret": EndpointWithSecretSerializer,
        "destroy": DeletedEndpointSerializer,
        "test": DeliverySerializer,
        "resend": CountSerializer,
        "replay": CountSerializer,
    }
    creating_actions = frozenset({"create", "test"})

    def get_object(self) -> Endpoint:
        return queries.find_endpoint(self.kwargs["id"], self.get_agent())

    def list(self, request: ApiRequest, agent_id: str) -> Response:
        """The agent's endpoints, the oldest first, each with how it fares."""
        return self.reply_page(queries.endpoints_of(self.get_agent()))

    def retrieve(self, request: ApiRequest, agent_id: str, id: str) -> Response:
        """One endpoint, with how it fares."""
        return self.reply(self.get_object())

    def create(self, request: ApiRequest, agent_id: str) -> Response:
        """Adds an endpoint. The secret that signs what it is sent is in `secret`, this once."""
        agent = self.get_agent()
        endpoint, secret = services.create_endpoint(agent=agent, actor=request.actor, **self.read())
        return self._reply_anew(endpoint, secret=secret)

    def partial_update(self, request: ApiRequest, agent_id: str, id: str) -> Response:
        """Changes where it leads, its name or which events go there."""
        return self._reply_anew(
            services.update_endpoint(endpoint=self.get_object(), actor=request.actor, **self.read())
        )

    def destroy(self, request: ApiRequest, agent_id: str, id: str) -> Response:
        """Removes the endpoint with its log; what waits is not sent."""
        endpoint = self.get_object()
        answer = self.reply(endpoint)
        services.delete_endpoint(endpoint=endpoint, actor=request.actor)
        return answer

    @action(detail=True, methods=["post"])
    def pause(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Sends nothing until it is resumed; deliveries wait meanwhile."""
        return self._reply_anew(services.pause_endpoint(endpoint=self.get_object(), actor=request.actor))

    @action(detail=True, methods=["post"])
    def resume(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Sends what waits and what comes; an endpoint that was switched off is on again."""
        return self._reply_anew(services.resume_endpoint(endpoint=self.get_object(), actor=request.actor))

    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: ApiRequest, **kwargs: Any) -> Response:
        """A new secret, in `secret` this once; the old one signs too until `previousSecretUntil`."""
        endpoint = self.get_object()
        secret = services.rotate_secret(endpoint=endpoint, actor=request.actor, **self.read())
        return self._reply_anew(endpoint, secret=secret)

    @action(detail=True, methods=["post"])
    def test(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Sends a test event there; the delivery says what came back."""
        return self.reply(services.send_test(endpoint=self.get_object(), actor=request.actor))

    @action(detail=True, methods=["post"])
    def resend(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Sends all deliveries again that were given up since a moment."""
        endpoint = self.get_object()
        return self.reply({"count": services.resend_failed(endpoint=endpoint, actor=request.actor, **self.read())})

    @action(detail=True, methods=["post"])
    def replay(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Sends the events of a time that were missed altogether, such as while the endpoint was switched off."""
        endpoint = self.get_object()
        return self.reply({"count": services.replay(endpoint=endpoint, actor=request.actor, **self.read())})

    def _reply_anew(self, endpoint: Endpoint, secret: str = "") -> Response:
        """The endpoint as it is now and how it fares; with the secret if there is a new one."""
        found = queries.find_endpoint(endpoint.pk, endpoint.agent)
        found.secret = secret
        return self.reply(found)


class DeliveryViewSet(OfHearerViewSet):
    """The log of an endpoint: what was sent there, and what came back."""

    tag = "webhook-deliveries"
    queryset = Delivery.objects.all()
    ordering = ("-id",)
    filterset_class = DeliveryFilter
    serializer_class = DeliverySerializer
    response_serializers = {"retrieve": DeliveryDetailSerializer}

    def get_endpoint(self) -> Endpoint:
        return queries.find_endpoint(self.kwargs["endpoint_id"], self.get_agent())

    def get_queryset(self) -> QuerySet[Delivery]:
        return queries.deliveries_of(self.get_endpoint())

    def get_object(self) -> Delivery:
        return queries.find_delivery(self.kwargs["id"], self.get_endpoint())

    def list(self, request: ApiRequest, **kwargs: Any) -> Response:
        """The endpoint's deliveries, newest first."""
        return self.reply_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: ApiRequest, **kwargs: Any) -> Response:
        """One delivery with what is sent and every attempt. What the receiver answered is quoted as it came."""
        return self.reply(self.get_object())

    @action(detail=True, methods=["post"])
    def resend(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Sends it again, with the same id and bytes, whatever became of it before."""
        return self.reply(services.resend(delivery=self.get_object(), actor=request.actor))
