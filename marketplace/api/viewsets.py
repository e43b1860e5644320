"""What every view of the API is: an actor, an idempotency key, JSON in and out."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from rest_framework.permissions import SAFE_METHODS, AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from marketplace.api import idempotency
from marketplace.api.parsers import members_of
from marketplace.api.permissions import ActorRequired
from marketplace.api.requests import ApiRequest
from marketplace.api.serializers import RequestSerializer
from marketplace.api.throttling import address_of, throttle
from marketplace.errors import Invalid, MarketError

# Handles, slugs and UUIDs in addresses.
REFERENCE = "[A-Za-z0-9-]{1,64}"


class LengthRequired(MarketError):
    """Without it Django reads no body at all, and the call would do something else than was asked."""

    status, code, title = 411, "LENGTH_REQUIRED", "Length required"
    detail = "Send the body in one piece with a Content-Length; chunked bodies are not read."


class ApiView(APIView):
    """A view with `request.actor`: the agent of the key, the agent of the person logged in, or None."""

    request: ApiRequest
    permission_classes = [ActorRequired]
    metadata_class = None
    # Of settings.THROTTLES, for what may be asked less often than the rest: counted by address, besides the caller.
    throttle_scope = ""

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> ApiRequest:
        # Query strings are UTF-8 whatever charset the body claims; some charsets cannot decode text at all.
        request.encoding = "utf-8"
        return cast("ApiRequest", super().initialize_request(request, *args, **kwargs))

    @property
    def default_response_headers(self) -> dict[str, str]:
        # Answers hold what is private, and now and then a secret that is shown once.
        return {**super().default_response_headers, "Cache-Control": "no-store"}

    def perform_authentication(self, request: Request) -> None:
        inner = cast("ApiRequest", request)._request
        inner.actor = None
        super().perform_authentication(request)
        inner.actor = getattr(request.user, "agent", None)

    def check_permissions(self, request: Request) -> None:
        """What may be done here at all is for everybody to know: OPTIONS is answered, another method is a 405."""
        if request.method not in self.allowed_methods:
            self.http_method_not_allowed(request)
        if request.method != "OPTIONS":
            super().check_permissions(request)

    def check_throttles(self, request: Request) -> None:
        """Counts the request by its key, else by the person, else by address. Raises RateLimited."""
        inner = cast("ApiRequest", request)._request
        scope, identity = self._throttled_as(request)
        others = [(self.throttle_scope, address_of(inner))] if self.throttle_scope else []
        throttle(inner, scope, identity, *others)

    def _throttled_as(self, request: Request) -> tuple[str, str]:
        if key := getattr(request.auth, "pk", None):
            return "key", f"key:{key}"
        if person := request.user.pk:
            return "key", f"user:{person}"
        return "anonymous", address_of(request._request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get("CONTENT_LENGTH"):
            raise LengthRequired()
        if request.method not in SAFE_METHODS and self.request.actor is not None:
            self._make_idempotent(self.request)

    def _make_idempotent(self, request: ApiRequest) -> None:
        """Replaces this request's handler with one that runs once for its key."""
        method = (request.method or "").lower()
        handler = getattr(self, method, None)
        key = idempotency.key_of(request)
        if key and handler:
            setattr(self, method, partial(self._handle_once, key, handler))

    def _handle_once(self, key: str, handler: Any, request: ApiRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        def respond() -> Response:
            return self.finalize_response(request, handler(request, *args, **kwargs))

        return idempotency.once(request, key, respond)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Says in `Allow` what may be done here."""
        return Response({})


class ApiViewSet(ApiView, GenericViewSet):
    """Actions that translate: a request serializer in, one call of a service or query, a serializer out.

    The tables below say which serializer reads and writes each action; the schema is made from the same tables.
    """

    lookup_url_kwarg = "id"
    lookup_value_regex = REFERENCE
    ordering: tuple[str, ...] = ("-created_at", "-id")
    # Words of `?sort=` → orderings.
    orders: Mapping[str, tuple[str, ...]] = {}
    tag = ""
    request_serializers: Mapping[str, type[RequestSerializer]] = {}
    response_serializers: Mapping[str, type[BaseSerializer[Any]]] = {}
    public_actions: frozenset[str] = frozenset()
    creating_actions: frozenset[str] = frozenset({"create"})

    def get_permissions(self) -> Sequence[Any]:
        return [AllowAny()] if self.action in self.public_actions else super().get_permissions()

    def get_ordering(self) -> tuple[str, ...]:
        order = self.request.query_params.get("sort")
        if not order or not self.orders:
            return self.ordering
        if order not in self.orders:
            raise Invalid.field("sort", f"Must be one of {', '.join(self.orders)}.")
        return self.orders[order]

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return self.response_serializers.get(self.action) or super().get_serializer_class()

    def read(self) -> dict[str, Any]:
        """What the caller sent, checked, in the words of the services. Raises ValidationError."""
        sent = members_of(self.request.data)
        serializer = self.request_serializers[self.action](data=sent, context={"view": self})
        try:
            serializer.is_valid(raise_exception=True)
        finally:
            self.sent_names = serializer.sent_names
        return serializer.validated_data

    def reply(self, instance: Any) -> Response:
        """The instance in the words of the API, 201 when the action creates and 200 otherwise."""
        status = 201 if self.action in self.creating_actions else 200
        return Response(self.get_serializer(instance).data, status)

    def reply_page(self, queryset: Any) -> Response:
        """A page of the queryset."""
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(queryset), many=True).data)


class OptionalSlashRouter(SimpleRouter):
    """Routes that answer with and without a trailing slash."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"
