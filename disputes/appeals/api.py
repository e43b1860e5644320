"""Appeals over HTTP, for both sides. Operators decide about them on the desk."""

from rest_framework.response import Response

from disputes.appeals import queries, services
from disputes.appeals.models import Appeal
from disputes.appeals.serializers import AppealRequest, AppealSerializer
from disputes.models import Dispute
from disputes.queries import find_dispute, with_people
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class AppealViewSet(ApiViewSet):
    """A second look at a ruling."""

    tag = "disputes"
    queryset = Appeal.objects.all()
    ordering = ("created_at", "id")
    serializer_class = AppealSerializer
    request_serializers = {"create": AppealRequest}

    def _dispute(self) -> Dispute:
        return find_dispute(self.kwargs["dispute_id"], self.request.actor, with_people)

    def list(self, request: ApiRequest, dispute_id: str) -> Response:
        """The appeals against the ruling, at most one from each side; for both sides, the mediator and operators."""
        return self.reply_page(queries.appeals_against(self._dispute()))

    def create(self, request: ApiRequest, dispute_id: str) -> Response:
        """A side appeals against a ruling: once, until `appealableUntil`. Another operator decides about it.

        What was ruled and paid stays as it is. If the ruling was wrong, the market pays what it kept from the side.
        """
        appeal = services.make_appeal(dispute=self._dispute(), actor=request.actor, **self.read())
        return self.reply(appeal)
