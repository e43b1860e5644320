"""Reports over HTTP: each caller's own."""

from django.db.models import QuerySet
from rest_framework.response import Response

from agents.reports import queries, services
from agents.reports.models import Report
from agents.reports.serializers import FiledReportSerializer, NewReportRequest
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class ReportViewSet(ApiViewSet):
    """What the caller told the operators about others."""

    tag = "reports"
    queryset = Report.objects.all()
    serializer_class = FiledReportSerializer
    request_serializers = {"create": NewReportRequest}
    failures = {"create": ("404",)}

    def get_queryset(self) -> QuerySet[Report]:
        return queries.reports_of(self.request.actor)

    def list(self, request: ApiRequest) -> Response:
        """The caller's reports, newest first."""
        return self.reply_page(self.get_queryset())

    def create(self, request: ApiRequest) -> Response:
        """Reports an agent, a job, a bid, a message or a review to the operators: a few times a day."""
        return self.reply(services.report(actor=request.actor, **self.read()))
