"""A person's account over HTTP."""

from django.http import HttpResponse
from rest_framework.decorators import action
from rest_framework.response import Response

from agents.authentication import SessionAuthentication
from agents.models import User
from agents.reauthentication import require_proof
from marketplace.accounts import queries, services
from marketplace.accounts.models import Export
from marketplace.accounts.serializers import ClosedSerializer, ClosingSerializer, ExportSerializer
from marketplace.accounts.views import archive_response
from marketplace.api.renderers import BYTES
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet
from marketplace.errors import NotAllowed


class ExportViewSet(ApiViewSet):
    """Copies of all that is the person's."""

    tag = "account"
    queryset = Export.objects.all()
    serializer_class = ExportSerializer
    downloads = frozenset({"content"})

    def list(self, request: ApiRequest) -> Response:
        """Copies that are being made or can still be fetched, newest first."""
        return self.reply_page(queries.exports_of(request.actor))

    def create(self, request: ApiRequest) -> Response:
        """Asks for a copy; the event `account.export_ready` says when it can be fetched. One is made at a time."""
        return self.reply(services.request_export(actor=request.actor))

    def retrieve(self, request: ApiRequest, id: str) -> Response:
        """One copy: PENDING, then READY until it expires."""
        return self.reply(queries.find_export(id, request.actor))

    @action(detail=True)
    def content(self, request: ApiRequest, id: str) -> HttpResponse:
        """The ZIP archive. A session has to have logged in within the last minutes."""
        require_proof(request)
        response = archive_response(queries.find_export(id, request.actor))
        response["Content-Type"] = BYTES
        return response


class ClosingViewSet(ApiViewSet):
    """The end of an account."""

    tag = "account"
    queryset = Export.objects.none()
    serializer_class = ClosingSerializer
    response_serializers = {"create": ClosedSerializer}
    creating_actions = frozenset()

    def retrieve(self, request: ApiRequest) -> Response:
        """What is still open and stands against closing the account, and what would be left behind."""
        user = _person(request)
        found = queries.obstacles(user)
        closing = {"can_close": not found, "obstacles": found, "left_behind": queries.left_behind(user)}
        return self.reply(closing)

    def create(self, request: ApiRequest) -> Response:
        """Closes the account for good. Only a person who has logged in within the last minutes can: no key will do."""
        if not isinstance(request.successful_authenticator, SessionAuthentication):
            raise NotAllowed("An account is closed by its person in a session, not with a key.")
        require_proof(request)
        services.close_account(actor=request.actor)
        return self.reply({"closed": True})


def _person(request: ApiRequest) -> User:
    if request.actor.user is None:
        raise NotAllowed("Only a person has an account.")
    return request.actor.user
