"""Jobs and templates over HTTP."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from agents.files.services import store_file
from agents.queries import find_agent
from jobs import listing, queries, services
from jobs.agreements.services import give_back
from jobs.filters import ListingParameters, TemplateFilter
from jobs.models import Job, JobTemplate, Submission
from jobs.reviews.services import approve_and_review
from jobs.rules import is_party, require
from jobs.search import Condition
from jobs.serializers import (
    ApprovalRequest,
    CancellationRequest,
    EventSerializer,
    JobChangesRequest,
    JobDetailSerializer,
    JobSerializer,
    NewJobRequest,
    ProgressRequest,
    PublicJobSerializer,
    RejectionRequest,
    SubmissionSerializer,
    SubmitRequest,
    TemplateSerializer,
    TipRequest,
)
from marketplace.api.parsers import LenientJSONParser
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet
from marketplace.events.models import Event


def verb(**options: Any) -> Any:
    """An action on a job that clients send by PATCH and some by POST (WIRE 1.3)."""
    return action(detail=True, methods=["patch", "post"], **options)


class ListingViewSet(ApiViewSet):
    """Lists of jobs, which `jobs.listing` reads."""

    def reply_listing(self, found: listing.Listing) -> HttpResponse:
        return HttpResponse(found.body(), content_type="application/json")


class JobViewSet(ListingViewSet):
    """Jobs, from posting to payment."""

    tag = "jobs"
    queryset = Job.objects.all()
    filter_backends = [ListingParameters]
    serializer_class = JobDetailSerializer
    response_serializers = {"list": JobSerializer}
    request_serializers = {
        "create": NewJobRequest,
        "partial_update": JobChangesRequest,
        "approve": ApprovalRequest,
        "tip": TipRequest,
        "progress": ProgressRequest,
        "submit": SubmitRequest,
        "reject": RejectionRequest,
        "cancel": CancellationRequest,
        "give_back": CancellationRequest,
    }
    public_actions = frozenset({"list"})

    def get_object(self) -> Job:
        return queries.find_job(self.kwargs["id"], self.request.actor)

    def list(self, request: ApiRequest) -> HttpResponse:
        """Published jobs, newest first unless sorted otherwise; with `status=DRAFT` the caller's own drafts too."""
        return self.reply_listing(listing.read_page(listing.read(request.query_params), request.actor))

    def retrieve(self, request: ApiRequest, id: str) -> Response:
        """One job; poster and worker also read its latest submission."""
        return self.reply(self.get_object())

    def create(self, request: ApiRequest) -> Response:
        """Posts a job, at once unless `publish` is false. Money is held when a bid is accepted.

        With `invitedAgentId` it is a direct offer, which that agent alone can see and take; the budget is held at once.
        """
        return self.reply(services.create_job(actor=request.actor, **self.read()))

    def partial_update(self, request: ApiRequest, id: str) -> Response:
        """Changes a draft or an open job."""
        return self.reply(services.update_job(job=self.get_object(), actor=request.actor, **self.read()))

    @action(detail=True, methods=["post", "patch"])
    def publish(self, request: ApiRequest, id: str) -> Response:
        """Opens a draft for bids."""
        return self.reply(services.publish_job(job=self.get_object(), actor=request.actor))

    @action(detail=True, methods=["post"], url_path="give-back")
    def give_back(self, request: ApiRequest, id: str) -> Response:
        """The worker gives the job back before anything was handed in: the poster has all of the price back. Final."""
        return self.reply(give_back(job=self.get_object(), actor=request.actor, **self.read()))

    @verb()
    def start(self, request: ApiRequest, id: str) -> Response:
        """The worker begins."""
        return self.reply(services.start_job(job=self.get_object(), actor=request.actor))

    @action(detail=True, methods=["post", "patch"])
    def progress(self, request: ApiRequest, id: str) -> Response:
        """The worker says how far the work is."""
        return self.reply(services.report_progress(job=self.get_object(), actor=request.actor, **self.read()))

    @verb(parser_classes=[LenientJSONParser, MultiPartParser])
    def submit(self, request: ApiRequest, id: str) -> Response:
        """The worker hands in the output, which must match the template's schema; the review window begins.

        Files are handed in with it by their ids, or in the same request as `multipart/form-data`.
        """
        job = self.get_object()
        require(job, "submit", request.actor)
        values = self.read()
        sent = [store_file(actor=request.actor, upload=upload).pk for upload in values.pop("files", [])]
        files = [*values.pop("file_ids", []), *sent]
        return self.reply(services.submit_output(job=job, actor=request.actor, files=files, **values))

    @verb()
    def approve(self, request: ApiRequest, id: str) -> Response:
        """The poster approves: escrow is paid to the worker less the fee, with a tip and a review if given. Final."""
        return self.reply(approve_and_review(job=self.get_object(), actor=request.actor, **self.read()))

    @action(detail=True, methods=["post"], url_path="release-escrow")
    def release_escrow(self, request: ApiRequest, id: str) -> Response:
        """The poster releases the escrow of submitted work by hand: the same as approving it. Final."""
        return self.reply(services.approve_job(job=self.get_object(), actor=request.actor))

    @verb()
    def tip(self, request: ApiRequest, id: str) -> Response:
        """The poster gives the worker of a completed job something on top, once. Final."""
        return self.reply(services.tip_job(job=self.get_object(), actor=request.actor, **self.read()))

    @verb()
    def reject(self, request: ApiRequest, id: str) -> Response:
        """The poster sends the work back with a reason, as often as the Terms allow."""
        return self.reply(services.reject_submission(job=self.get_object(), actor=request.actor, **self.read()))

    @verb()
    def cancel(self, request: ApiRequest, id: str) -> Response:
        """The poster gives the job up before work began; held money returns. Final."""
        return self.reply(services.cancel_job(job=self.get_object(), actor=request.actor, **self.read()))


class PublicJobViewSet(ApiViewSet):
    """What anybody may know of a job, for pages and cards elsewhere."""

    tag = "jobs"
    queryset = Job.objects.all()
    serializer_class = PublicJobSerializer
    public_actions = frozenset({"retrieve"})

    def retrieve(self, request: ApiRequest, id: str) -> Response:
        """One published job in short, without a key; never a draft or an offer to one agent."""
        return self.reply(queries.find_job(id, None))


class JobEventViewSet(ApiViewSet):
    """What happened to a job."""

    tag = "jobs"
    queryset = Event.objects.all()
    ordering = ("id",)
    serializer_class = EventSerializer

    def list(self, request: ApiRequest, job_id: str) -> Response:
        """The audit log, oldest first: every change of status, and what else the caller was told."""
        job = queries.find_job(job_id, request.actor)
        self.is_party = is_party(request.actor, job)
        return self.reply_page(queries.timeline_for(job, request.actor))


class SubmissionViewSet(ApiViewSet):
    """What was handed in for a job."""

    tag = "jobs"
    queryset = Submission.objects.all()
    ordering = ("-number",)
    serializer_class = SubmissionSerializer

    def list(self, request: ApiRequest, job_id: str) -> Response:
        """Every version that was handed in, the latest first, with what the poster said of it; for the two sides."""
        return self.reply_page(queries.submissions_of(queries.find_job(job_id, request.actor), request.actor))


class AgentJobViewSet(ListingViewSet):
    """Jobs that an agent is on."""

    tag = "agents"
    queryset = Job.objects.all()
    filter_backends = [ListingParameters]
    serializer_class = JobSerializer

    def list(self, request: ApiRequest, agent_id: str) -> HttpResponse:
        """Jobs that the agent works or worked on, as far as the caller may know of them."""
        agent = find_agent(agent_id, me=request.actor)
        of_agent = Condition("job.worker_id = %s", (agent.pk,))
        return self.reply_listing(listing.read_page(listing.read(request.query_params), request.actor, of_agent))


class TemplateViewSet(ApiViewSet):
    """Kinds of jobs."""

    tag = "templates"
    queryset = JobTemplate.objects.all()
    filterset_class = TemplateFilter
    ordering = ("name", "id")
    serializer_class = TemplateSerializer
    public_actions = frozenset({"list", "retrieve"})

    def get_queryset(self) -> QuerySet[JobTemplate]:
        return queries.templates()

    def list(self, request: ApiRequest) -> Response:
        """Templates on offer, by name."""
        return self.reply_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: ApiRequest, id: str) -> Response:
        """A template with its JSON Schemas, by UUID or slug."""
        return self.reply(queries.find_template(id))
