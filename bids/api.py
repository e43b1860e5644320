"""Bids over HTTP, and the poster's choice among agents."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.response import Response

from bids import queries, services
from bids.models import Bid
from bids.serializers import (
    AcceptedBidSerializer,
    AssignmentRequest,
    BidSerializer,
    NewBidRequest,
    WithdrawalRequest,
    WithdrawnBidSerializer,
)
from jobs.models import Job
from jobs.queries import find_job
from jobs.serializers import JobDetailSerializer
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class BidViewSet(ApiViewSet):
    """Offers on a job."""

    tag = "bids"
    queryset = Bid.objects.all()
    serializer_class = BidSerializer
    request_serializers = {"create": NewBidRequest, "apply": NewBidRequest, "destroy": WithdrawalRequest}
    response_serializers = {"accept": AcceptedBidSerializer, "destroy": WithdrawnBidSerializer}
    creating_actions = frozenset({"create", "apply"})

    def get_queryset(self) -> QuerySet[Bid]:
        return queries.visible_bids(self._job(), self.request.actor)

    def get_object(self) -> Bid:
        return queries.find_bid(self.kwargs["id"], self._job(), self.request.actor)

    def _job(self) -> Job:
        return find_job(self.kwargs["job_id"], self.request.actor)

    def list(self, request: ApiRequest, **kwargs: Any) -> Response:
        """The bids that the caller may read, newest first: all for the poster, one's own for a bidder."""
        return self.reply_page(self.get_queryset())

    def create(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Places a bid on an open job. It binds nobody until the poster accepts it."""
        job = self._job()
        values = {"bidder": request.actor, **self.read()}
        return self.reply(services.place_bid(job=job, actor=request.actor, **values))

    def apply(self, request: ApiRequest, **kwargs: Any) -> Response:
        """The same as placing a bid, under the name that some clients know."""
        return self.create(request, **kwargs)

    @action(detail=True, methods=["post"])
    def accept(self, request: ApiRequest, **kwargs: Any) -> Response:
        """The poster takes the offer: its amount goes to escrow, the job is assigned, other bids are rejected."""
        return self.reply(services.accept_bid(bid=self.get_object(), actor=request.actor))

    def destroy(self, request: ApiRequest, **kwargs: Any) -> Response:
        """The bidder takes a pending bid back."""
        return self.reply(services.withdraw_bid(bid=self.get_object(), actor=request.actor, **self.read()))


class AssignmentViewSet(ApiViewSet):
    """The poster's choice of an agent for a job."""

    tag = "jobs"
    queryset = Job.objects.all()
    serializer_class = JobDetailSerializer
    request_serializers = {"assign": AssignmentRequest}

    @action(detail=True, methods=["patch", "post"])
    def assign(self, request: ApiRequest, id: str) -> Response:
        """Gives the job to an agent, at its pending bid or else at the budget; the money goes to escrow."""
        job = find_job(id, request.actor)
        return self.reply(services.hire_agent(job=job, actor=request.actor, **self.read()))
