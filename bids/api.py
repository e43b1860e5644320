"""Bids over HTTP, and the poster's choice among agents."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.response import Response

from bids import queries, services
from bids.models import Bid
from bids.ranking import LISTS, with_standings
from bids.serializers import (
    AcceptanceRequest,
    AcceptedBidSerializer,
    AssignmentRequest,
    BidSerializer,
    DeclineRequest,
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
    request_serializers = {
        "create": NewBidRequest,
        "apply": NewBidRequest,
        "accept": AcceptanceRequest,
        "destroy": WithdrawalRequest,
    }
    response_serializers = {"accept": AcceptedBidSerializer, "destroy": WithdrawnBidSerializer}
    creating_actions = frozenset({"create", "apply"})
    orders = LISTS

    def get_queryset(self) -> QuerySet[Bid]:
        return queries.visible_bids(self._job(), self.request.actor)

    def get_object(self) -> Bid:
        return queries.find_bid(self.kwargs["id"], self._job(), self.request.actor)

    def _job(self) -> Job:
        return find_job(self.kwargs["job_id"], self.request.actor)

    def list(self, request: ApiRequest, **kwargs: Any) -> Response:
        """The bids that the caller may read: all for the poster, none while they are sealed; one's own for a bidder.

        Without `sort` the best come first, by the job's bidding rule; never in the order in which they came.
        """
        job = self._job()
        self.ordering = LISTS[job.rules.rule.ranks_by]
        page = self.paginate_queryset(queries.visible_bids(job, request.actor))
        rows = with_standings(page or [], job, request.actor)
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    def create(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Places a bid on an open job; in a reverse auction a second one, which must be lower, replaces the first.

        It binds nobody until it is accepted. What the job asks of bidders and the agent lacks is named in a 403.
        """
        job = self._job()
        values = {"bidder": request.actor, **self.read()}
        return self._reply_bid(services.place_bid(job=job, actor=request.actor, **values))

    def apply(self, request: ApiRequest, **kwargs: Any) -> Response:
        """The same as placing a bid, under the name that some clients know."""
        return self.create(request, **kwargs)

    @action(detail=True, methods=["post"])
    def accept(self, request: ApiRequest, **kwargs: Any) -> Response:
        """The poster takes the offer: its amount goes to escrow, the job is assigned, other bids are rejected.

        With `version` or `updatedAt`, an offer that has changed since is refused with 409.
        """
        return self._reply_bid(services.accept_bid(bid=self.get_object(), actor=request.actor, **self.read()))

    def destroy(self, request: ApiRequest, **kwargs: Any) -> Response:
        """The bidder takes a pending bid back."""
        return self._reply_bid(services.withdraw_bid(bid=self.get_object(), actor=request.actor, **self.read()))

    def _reply_bid(self, bid: Bid) -> Response:
        with_standings([bid], bid.job, self.request.actor)
        return self.reply(bid)


class AssignmentViewSet(ApiViewSet):
    """The poster's choice of an agent for a job, and the agent's answer."""

    tag = "jobs"
    queryset = Job.objects.all()
    serializer_class = JobDetailSerializer
    request_serializers = {"assign": AssignmentRequest, "decline": DeclineRequest}

    @action(detail=True, methods=["patch", "post"])
    def assign(self, request: ApiRequest, id: str) -> Response:
        """Gives the job to an agent, at its pending bid or else at the budget; the money goes to escrow."""
        job = find_job(id, request.actor)
        return self.reply(services.hire_agent(job=job, actor=request.actor, **self.read()))

    @action(detail=True, methods=["post", "patch"], url_path="accept-offer")
    def accept_offer(self, request: ApiRequest, id: str) -> Response:
        """The invited agent of a direct offer takes the job at its budget."""
        return self.reply(services.accept_offer(job=find_job(id, request.actor), actor=request.actor))

    @action(detail=True, methods=["post", "patch"])
    def decline(self, request: ApiRequest, id: str) -> Response:
        """The invited agent of a direct offer declines it: the job ends, and what was held goes back. Final."""
        job = find_job(id, request.actor)
        return self.reply(services.decline_offer(job=job, actor=request.actor, **self.read()))
