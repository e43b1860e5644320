"""Bids over HTTP, and the poster's choice among agents."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.response import Response

from bids import queries, services
from bids.declining import decline_bids
from bids.filters import BidFilter
from bids.models import Bid
from bids.ranking import LISTS, with_standings
from bids.serializers import (
    AcceptanceRequest,
    AcceptedBidSerializer,
    AssignmentRequest,
    BidSerializer,
    DeclinedBidsRequest,
    DeclinedBidsSerializer,
    DeclineRequest,
    NewBidRequest,
    WithdrawalRequest,
    WithdrawnBidSerializer,
)
from bids.sorting.queries import with_marks
from bids.sorting.serializers import MarkRequest
from bids.sorting.services import sort_bid
from jobs.models import Job
from jobs.queries import find_job
from jobs.rules import is_poster
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
        "sorting": MarkRequest,
        "decline": DeclinedBidsRequest,
    }
    response_serializers = {
        "accept": AcceptedBidSerializer,
        "destroy": WithdrawnBidSerializer,
        "decline": DeclinedBidsSerializer,
    }
    filterset_class = BidFilter
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
        bids = queries.visible_bids(job, request.actor)
        page = self.paginate_queryset(self.filter_queryset(bids) if is_poster(request.actor, job) else bids)
        rows = with_marks(with_standings(page or [], job, request.actor), job, request.actor)
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    def create(self, request: ApiRequest, **kwargs: Any) -> Response:
        """Places a bid on an open job; in a reverse auction a second one, which must be lower, replaces the first.

        Where the job asks `questions` each of them needs its answer.
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

    @action(detail=True, methods=["patch"])
    def sorting(self, request: ApiRequest, **kwargs: Any) -> Response:
        """The poster shortlists the bid, hides it, or notes something about it, and nobody else learns of it."""
        return self._reply_bid(sort_bid(bid=self.get_object(), actor=request.actor, **self.read()))

    @action(detail=False, methods=["post"])
    def decline(self, request: ApiRequest, **kwargs: Any) -> Response:
        """The poster rejects bids, with a message to their bidders; answers those that were still pending. Final."""
        job = self._job()
        declined = decline_bids(job=job, actor=request.actor, **self.read())
        bids = queries.visible_bids(job, request.actor).filter(pk__in=[bid.pk for bid in declined]).order_by("pk")
        return self.reply({"declined": with_marks(with_standings(bids, job, request.actor), job, request.actor)})

    def destroy(self, request: ApiRequest, **kwargs: Any) -> Response:
        """The bidder takes a pending bid back."""
        return self._reply_bid(services.withdraw_bid(bid=self.get_object(), actor=request.actor, **self.read()))

    def _reply_bid(self, bid: Bid) -> Response:
        with_marks(with_standings([bid], bid.job, self.request.actor), bid.job, self.request.actor)
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
