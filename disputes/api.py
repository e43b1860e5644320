"""Disputes over HTTP: for both sides, mediators and operators. Each call answers with the dispute as it then is."""

from typing import Any

import django_filters
from rest_framework.decorators import action
from rest_framework.response import Response

from agents.queries import find_agent
from disputes import evidence, offers, queries, services
from disputes.models import Dispute
from disputes.phases import Phase
from disputes.rules import require_role
from disputes.serializers import (
    AnswerRequest,
    CloseRequest,
    DisputeSerializer,
    JobDisputeRequest,
    MediatorRequest,
    NewDisputeRequest,
    OfferRequest,
    QuestionRequest,
    ResponseRequest,
    RulingRequest,
    take_wish,
)
from jobs.conversations.models import Message
from jobs.conversations.queries import OLDEST_FIRST
from jobs.conversations.serializers import JobMessageSerializer
from jobs.models import Job
from jobs.queries import find_job
from jobs.serializers import take_share
from marketplace.api.filters import WordsFilter
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class DisputeFilter(django_filters.FilterSet):
    """By status and phase."""

    status = WordsFilter(field_name="status", choices=Dispute.Status.choices)
    phase = WordsFilter(field_name="phase", choices=Phase.choices)

    class Meta:
        model = Dispute
        fields: list[str] = []


class OfDisputesViewSet(ApiViewSet):
    """Answers with the dispute as it is after the call."""

    tag = "disputes"
    queryset = Dispute.objects.all()
    ordering = queries.NEWEST
    serializer_class = DisputeSerializer

    def reply_dispute(self, dispute: Dispute) -> Response:
        return self.reply(queries.find_dispute(dispute.pk, self.request.actor))

    def require_role(self, dispute: Dispute) -> None:
        """Raises NotAllowed for operators of another role, and for those who come with a key."""
        require_role(dispute, self.request.actor, with_key=getattr(self.request.auth, "pk", None) is not None)

    def open(self, job: Job, values: dict[str, Any]) -> Response:
        asked = take_wish(values, job)
        dispute = services.open_dispute(job=job, actor=self.request.actor, asked_to_poster=asked, **values)
        return self.reply_dispute(dispute)


class JobDisputeViewSet(OfDisputesViewSet):
    """Disagreements about a job."""

    request_serializers = {"create": JobDisputeRequest}

    def _job(self) -> Job:
        return find_job(self.kwargs["job_id"], self.request.actor)

    def list(self, request: ApiRequest, job_id: str) -> Response:
        """The disputes about a job, newest first, for its poster and worker."""
        return self.reply_page(queries.disputes_of(self._job(), request.actor))

    def create(self, request: ApiRequest, job_id: str) -> Response:
        """Opens a dispute about work in progress, in review, or completed and inside its dispute window.

        The money is frozen. The sides negotiate, a mediator proposes, and in the end it is ruled on.
        """
        return self.open(self._job(), self.read())


class DisputeViewSet(OfDisputesViewSet):
    """When the two sides disagree."""

    filterset_class = DisputeFilter
    request_serializers = {
        "create": NewDisputeRequest,
        "respond": ResponseRequest,
        "evidence": AnswerRequest,
        "ask": QuestionRequest,
        "close": CloseRequest,
        "resolve": RulingRequest,
        "assign": MediatorRequest,
    }
    creating_actions = frozenset({"create", "evidence", "ask"})
    failures = {"create": ("404",)}

    def get_object(self) -> Dispute:
        return queries.find_dispute(self.kwargs["id"], self.request.actor)

    def list(self, request: ApiRequest) -> Response:
        """The caller's disputes, newest first: of its jobs, of its agents' jobs, and those that it mediates."""
        return self.reply_page(self.filter_queryset(queries.my_disputes(request.actor)))

    def retrieve(self, request: ApiRequest, id: str) -> Response:
        """All that was said, offered and shown; for both sides, the mediator and operators."""
        return self.reply(self.get_object())

    def create(self, request: ApiRequest) -> Response:
        """Opens a dispute about a job, as `POST /jobs/{jobId}/disputes` does."""
        values = self.read()
        return self.open(find_job(values.pop("job_id"), request.actor), values)

    @action(detail=True, methods=["post"])
    def respond(self, request: ApiRequest, id: str) -> Response:
        """The side that did not open it answers, once."""
        return self.reply_dispute(services.respond(dispute=self.get_object(), actor=request.actor, **self.read()))

    @action(detail=True, methods=["post"])
    def evidence(self, request: ApiRequest, id: str) -> Response:
        """A side shows something, or answers a question of the mediator. It is kept as it is, with its hash."""
        shown = evidence.add_evidence(dispute=self.get_object(), actor=request.actor, **self.read())
        return self.reply_dispute(shown.dispute)

    @action(detail=True, methods=["post"], url_path="information-requests")
    def ask(self, request: ApiRequest, id: str) -> Response:
        """The mediator asks one side or both for more."""
        dispute = self._for_operators()
        return self.reply_dispute(evidence.ask(dispute=dispute, actor=request.actor, **self.read()).dispute)

    @action(detail=True, methods=["post"])
    def escalate(self, request: ApiRequest, id: str) -> Response:
        """A side takes it on: from negotiation to mediation, from there to arbitration. Time does so too."""
        return self.reply_dispute(services.escalate(dispute=self.get_object(), actor=request.actor))

    @action(detail=True, methods=["post"])
    def extend(self, request: ApiRequest, id: str) -> Response:
        """The mediator or an operator lets the phase last as long again, once in a dispute."""
        dispute = self._for_operators()
        return self.reply_dispute(services.extend_phase(dispute=dispute, actor=request.actor))

    @action(detail=True, methods=["post"])
    def close(self, request: ApiRequest, id: str) -> Response:
        """The side that opened it gives it up: the job goes on where it was."""
        return self.reply_dispute(services.close_dispute(dispute=self.get_object(), actor=request.actor, **self.read()))

    @action(detail=True, methods=["post"])
    def resolve(self, request: ApiRequest, id: str) -> Response:
        """An operator or, in arbitration, the mediator rules: refund, pay or split. Large sums take two who agree."""
        dispute, values = self._for_operators(), self.read()
        to_poster = take_share(values, dispute.frozen)
        return self.reply_dispute(
            services.resolve_dispute(dispute=dispute, actor=request.actor, to_poster=to_poster, **values)
        )

    @action(detail=True, methods=["post"], url_path="mediator")
    def assign(self, request: ApiRequest, id: str) -> Response:
        """An operator names another mediator."""
        dispute = self._for_operators()
        mediator = find_agent(self.read()["mediator_id"])
        return self.reply_dispute(services.assign_mediator(dispute=dispute, actor=request.actor, mediator=mediator))

    def _for_operators(self) -> Dispute:
        dispute = self.get_object()
        self.require_role(dispute)
        return dispute


class DisputeMessageViewSet(ApiViewSet):
    """What the two sides of a disputed job wrote to each other."""

    tag = "disputes"
    queryset = Message.objects.all()
    ordering = OLDEST_FIRST
    serializer_class = JobMessageSerializer

    def list(self, request: ApiRequest, dispute_id: str) -> Response:
        """The messages on the job, oldest first; for both sides, the mediator and operators."""
        return self.reply_page(queries.messages_of(queries.find_dispute(dispute_id, request.actor)))


class OfferViewSet(OfDisputesViewSet):
    """Ways to end a dispute."""

    request_serializers = {"create": OfferRequest}

    def _dispute(self) -> Dispute:
        return queries.find_dispute(self.kwargs["dispute_id"], self.request.actor)

    def create(self, request: ApiRequest, dispute_id: str) -> Response:
        """A side offers a way to end it, in place of what it offered before; a mediator proposes one to both."""
        dispute, values = self._dispute(), self.read()
        self.require_role(dispute)
        to_poster = take_share(values, dispute.frozen)
        offer = offers.make_offer(dispute=dispute, actor=request.actor, to_poster=to_poster, **values)
        return self.reply_dispute(offer.dispute)

    @action(detail=True, methods=["post"])
    def accept(self, request: ApiRequest, dispute_id: str, id: str) -> Response:
        """A side agrees. Once both have, the money is divided at once and the dispute is over."""
        offer = queries.find_offer(id, self._dispute())
        return self.reply_dispute(offers.accept_offer(offer=offer, actor=request.actor).dispute)

    @action(detail=True, methods=["post"])
    def decline(self, request: ApiRequest, dispute_id: str, id: str) -> Response:
        """A side says no, or takes its own offer back."""
        offer = queries.find_offer(id, self._dispute())
        return self.reply_dispute(offers.decline_offer(offer=offer, actor=request.actor).dispute)
