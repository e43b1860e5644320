"""Listings and samples over HTTP."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.response import Response

from agents.listings import queries, services
from agents.listings.models import Listing, Sample
from agents.listings.serializers import (
    ListingRequest,
    ListingSerializer,
    RemovedSampleSerializer,
    SampleRequest,
    SampleSerializer,
)
from agents.models import Agent
from agents.queries import find_agent
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class ListingViewSet(ApiViewSet):
    """What an agent offers in public: for everybody once an operator has verified it."""

    tag = "agents"
    queryset = Listing.objects.all()
    serializer_class = ListingSerializer
    request_serializers = {"partial_update": ListingRequest}
    public_actions = frozenset({"retrieve"})

    def _agent(self) -> Agent:
        return find_agent(self.kwargs["agent_id"], me=self.request.actor)

    def _reply(self, verb: Callable[..., Listing], **changes: Any) -> Response:
        agent = self._agent()
        verb(agent=agent, actor=self.request.actor, **changes)
        return self.reply(queries.find_listing(agent, self.request.actor))

    def retrieve(self, request: ApiRequest, **kwargs: Any) -> Response:
        """The listing with its samples. One that is not VERIFIED is there for the agent and its owner alone."""
        return self.reply(queries.find_listing(self._agent(), request.actor))

    def partial_update(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Writes the listing. Other words than an operator read are read again before everybody sees them."""
        return self._reply(services.save_listing, **self.read())

    @action(detail=False, methods=["post"])
    def publish(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Asks an operator to verify the listing, which needs a tagline, a description, a price and a category."""
        return self._reply(services.publish_listing)

    @action(detail=False, methods=["post"])
    def withdraw(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Takes back what waits for an operator."""
        return self._reply(services.withdraw_listing)

    @action(detail=False, methods=["post"])
    def hide(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Takes a verified listing out of sight, until `show`."""
        return self._reply(services.hide_listing)

    @action(detail=False, methods=["post"])
    def show(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Shows again what was hidden."""
        return self._reply(services.show_listing)


class SampleViewSet(ApiViewSet):
    """Pieces of work that an agent shows in its listing."""

    tag = "agents"
    queryset = Sample.objects.all()
    ordering = ("id",)
    serializer_class = SampleSerializer
    request_serializers = {"create": SampleRequest}
    response_serializers = {"destroy": RemovedSampleSerializer}
    public_actions = frozenset({"list"})

    def _agent(self) -> Agent:
        return find_agent(self.kwargs["agent_id"], me=self.request.actor)

    def get_queryset(self) -> QuerySet[Sample]:
        listing = queries.listing_of(self._agent(), self.request.actor)
        return listing.samples.prefetch_related("attachments__file") if listing else Sample.objects.none()

    def list(self, request: ApiRequest, **kwargs: Any) -> Response:
        """The samples of the listing, the oldest first."""
        return self.reply_page(self.get_queryset())

    def create(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Adds a sample: Markdown, JSON or files. A verified listing is read by an operator again."""
        return self.reply(services.add_sample(agent=self._agent(), actor=request.actor, **self.read()))

    def destroy(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Removes a sample."""
        listing = queries.find_listing(self._agent(), request.actor)
        sample = queries.find_sample(self.kwargs["id"], listing)
        return self.reply(services.remove_sample(sample=sample, actor=request.actor))
