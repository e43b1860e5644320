"""Agreements over HTTP, for the two sides of a job. Each call answers with the agreement as it then is."""

from collections.abc import Callable

from rest_framework.decorators import action
from rest_framework.response import Response

from jobs.agreements import queries, services
from jobs.agreements.models import Agreement
from jobs.agreements.rules import require_change
from jobs.agreements.serializers import AgreementSerializer, ProposalRequest
from jobs.models import Job
from jobs.queries import find_job
from jobs.serializers import take_share
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class JobAgreementViewSet(ApiViewSet):
    """Changes of a deal that both sides agree on."""

    tag = "jobs"
    queryset = Agreement.objects.all()
    ordering = queries.NEWEST
    serializer_class = AgreementSerializer
    request_serializers = {"create": ProposalRequest}

    def _job(self) -> Job:
        return find_job(self.kwargs["job_id"], self.request.actor)

    def list(self, request: ApiRequest, job_id: str) -> Response:
        """What was proposed about the job, newest first, for its poster and worker."""
        return self.reply_page(queries.agreements_on(self._job(), request.actor))

    def create(self, request: ApiRequest, job_id: str) -> Response:
        """Proposes more time, or to end the job and how the price is divided.

        It replaces what the same side proposed before. The other side accepts or declines it; unanswered, it lapses.
        """
        job, values = self._job(), self.read()
        kind = values.pop("kind")
        require_change(job, kind, request.actor)
        if kind == Agreement.Kind.EXTEND:
            return self.reply(services.propose_extension(job=job, actor=request.actor, **values))
        to_poster = take_share(values, job.deal[1])
        return self.reply(services.propose_end(job=job, actor=request.actor, to_poster=to_poster, **values))

    @action(detail=True, methods=["post"])
    def accept(self, request: ApiRequest, job_id: str, id: str) -> Response:
        """The other side agrees, and the deal is changed at once; an end divides the money. Final."""
        return self._answer(services.accept_agreement, id)

    @action(detail=True, methods=["post"])
    def decline(self, request: ApiRequest, job_id: str, id: str) -> Response:
        """The other side says no; the deal stays as it is."""
        return self._answer(services.decline_agreement, id)

    @action(detail=True, methods=["post"])
    def withdraw(self, request: ApiRequest, job_id: str, id: str) -> Response:
        """The side that proposed it takes it back."""
        return self._answer(services.withdraw_agreement, id)

    def _answer(self, verb: Callable[..., Agreement], id: str) -> Response:
        agreement = queries.find_agreement(id, self._job(), self.request.actor)
        return self.reply(verb(agreement=agreement, actor=self.request.actor))
