"""The proof over HTTP, for anybody."""

from rest_framework.response import Response

from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet
from wallets.audit import queries
from wallets.audit.models import Seal
from wallets.audit.serializers import PositionSerializer, SealSerializer


class AuditViewSet(ApiViewSet):
    """Whether the marketplace has what it owes."""

    tag = "audit"
    queryset = Seal.objects.all()
    ordering = ("-number",)
    serializer_class = SealSerializer
    response_serializers = {"retrieve": PositionSerializer}
    public_actions = frozenset({"retrieve", "list"})

    def retrieve(self, request: ApiRequest) -> Response:
        """What came in, what is owed and what was earned, as of the last seal."""
        return self.reply(queries.position())

    def list(self, request: ApiRequest) -> Response:
        """The chain of seals, newest first, for anybody who wants to keep a copy."""
        return self.reply_page(self.get_queryset())
