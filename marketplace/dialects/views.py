"""What the actions of all dialects are: a key, a limit, bare JSON, and failures in the dialect's own words."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer, Serializer

from agents.authentication import ApiKeyAuthentication
from agents.models import Agent
from marketplace.api.problems import problem_of
from marketplace.api.surfaces import Surface
from marketplace.api.throttling import address_of
from marketplace.api.viewsets import ApiViewSet
from marketplace.dialects.documents import DialectSchema

# Of one action: the shapes that it may have, the document's own first.
Shapes = tuple[type[Serializer[Any]], ...]


class DialectViewSet(ApiViewSet):
    """Actions that translate, as those of /v1 do. Keys of any form are good here; sessions are not.

    The tables name the shapes of each action, of which `choose` picks the one for this caller; the OpenAPI document has
    all of them.
    """

    authentication_classes = [ApiKeyAuthentication]
    renderer_classes = [JSONRenderer]
    filter_backends = []
    pagination_class = None
    schema = DialectSchema()
    surface: Surface
    requests: Mapping[str, Shapes] = {}
    responses: Mapping[str, Shapes] = {}
    parameters: Mapping[str, type[Serializer[Any]]] = {}
    # Action → statuses of failures, besides those that every action may have.
    failures: Mapping[str, tuple[int, ...]] = {}

    def choose(self, shapes: Shapes) -> type[Serializer[Any]]:
        """The shape for this caller."""
        return shapes[0]

    def read(self) -> dict[str, Any]:
        """What the caller sent, checked. Raises ValidationError."""
        return self._check(self.choose(self.requests[self.action]), self.request.data)

    def read_parameters(self) -> dict[str, Any]:
        """What the address asks for, checked. Raises ValidationError."""
        return self._check(self.parameters[self.action], self.request.query_params.dict())

    def _check(self, shape: type[Serializer[Any]], sent: Any) -> dict[str, Any]:
        serializer = shape(data=sent, context={"view": self})
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return self.choose(self.responses[self.action])

    def get_exception_handler(self) -> Callable[..., HttpResponse | None]:
        return self._answer

    def _answer(self, exception: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
        """The failure in the dialect's words. None for what nobody foresaw: Django logs that and answers."""
        problem = problem_of(exception)
        return self.surface.answer(self.request._request, problem) if problem else None

    def _throttled_as(self, request: Request) -> tuple[str, str]:
        agent: Agent | None = getattr(request.user, "agent", None)
        return self.surface.scope, f"agent:{agent.pk}" if agent else address_of(request._request)
