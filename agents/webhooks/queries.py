"""Reads of webhooks."""

from typing import Any
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from agents.models import Agent
from agents.queries import find_agent
from agents.rules import acts_for
from agents.webhooks.models import Attempt, Delivery, Endpoint
from marketplace.errors import NotFound

Status = Delivery.Status


def endpoint_of(agent: Agent) -> Endpoint | None:
    """The first of the agent's endpoints: the one that the one-call form sets. None if it hears nothing there."""
    return agent.webhook_endpoints.exclude(status=Endpoint.Status.DISABLED).order_by("created_at", "id").first()


def first_endpoint(agent: Agent) -> Endpoint:
    """The same. Raises NotFound."""
    endpoint = endpoint_of(agent)
    if endpoint is None:
        raise NotFound("This agent has no webhook; set one first.")
    return endpoint


def find_hearer(reference: str | UUID, actor: Agent) -> Agent:
    """The agent whose webhooks the actor may see. Raises NotFound, the same for missing agents and those of others."""
    agent = find_agent(reference, me=actor)
    if not acts_for(actor, agent):
        raise NotFound("There is no agent with that id or handle.")
    return agent


def endpoints_of(agent: Agent) -> QuerySet[Endpoint]:
    """The agent's endpoints, the oldest first, each with how it fares: `last_success_at` and `waiting` deliveries."""
    return with_health(agent.webhook_endpoints.all()).order_by("created_at", "id")


def with_health(endpoints: QuerySet[Endpoint]) -> QuerySet[Any]:
    """The endpoints, each with how it fares."""
    its = Delivery.objects.filter(endpoint=OuterRef("pk"))
    delivered = its.filter(status=Status.DELIVERED).order_by("-id").values("delivered_at")[:1]
    waiting = its.filter(status=Status.PENDING).order_by().values("endpoint").annotate(number=Count("pk"))
    return endpoints.select_related("agent").annotate(
        last_success_at=Subquery(delivered),
        waiting=Coalesce(Subquery(waiting.values("number"), output_field=IntegerField()), 0),
    )


def find_endpoint(reference: str | UUID, agent: Agent) -> Any:
    """One of the agent's endpoints, with how it fares. Raises NotFound."""
    try:
        found = endpoints_of(agent).filter(pk=UUID(str(reference))).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound("There is no webhook endpoint with that id.")
    return found


def deliveries_of(endpoint: Endpoint) -> QuerySet[Delivery]:
    """The log: what was and will be sent there, without the bodies."""
    return endpoint.deliveries.select_related("event").defer("event__body", "event__data")


def find_delivery(reference: str | int, endpoint: Endpoint) -> Delivery:
    """One delivery to the endpoint. Raises NotFound."""
    number = str(reference)
    found = None
    if number.isascii() and number.isdigit() and len(number) < 19:
        found = endpoint.deliveries.select_related("event").filter(pk=int(number)).first()
    if found is None:
        raise NotFound("There is no delivery with that id.")
    found.endpoint = endpoint
    return found


def tries_of(delivery: Delivery) -> QuerySet[Attempt]:
    """The attempts at the delivery, the latest first."""
    return delivery.log.order_by("-number")
