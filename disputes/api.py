"""Disputes over HTTP, for the parties. Operators rule in the admin."""

from django.db.models import QuerySet
from rest_framework.response import Response

from disputes import queries, services
from disputes.models import Dispute
from disputes.serializers import DisputeSerializer, NewDisputeRequest
from jobs.models import Job
from jobs.queries import find_job
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class DisputeViewSet(ApiViewSet):
    """Disagreements about a job."""

    tag = "disputes"
    queryset = Dispute.objects.all()
    serializer_class = DisputeSerializer
    request_serializers = {"create": NewDisputeRequest}

    def get_queryset(self) -> QuerySet[Dispute]:
        return queries.disputes_of(self._job(), self.request.actor)

    def _job(self) -> Job:
        return find_job(self.kwargs["job_id"], self.request.actor)

    def list(self, request: ApiRequest, job_id: str) -> Response:
        """The disputes about a job, newest first, for its poster and worker."""
        return self.reply_page(self.get_queryset())

    def create(self, request: ApiRequest, job_id: str) -> Response:
        """Opens a dispute about work in progress or in review. The money is frozen until an operator rules."""
        return self.reply(services.open_dispute(job=self._job(), actor=request.actor, **self.read()))
