"""An OpenAPI document and a Swagger page for each dialect, made from the tables of its views."""

from collections.abc import Callable, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, include, path
from django.views.decorators.http import require_safe
from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_root_object, normalize_result_object
from rest_framework.permissions import AllowAny

from marketplace.api.docs import SwaggerView
from marketplace.api.schema import LIMIT_HEADERS

ALWAYS = (400, 429, 503)


class DialectSchema(AutoSchema):
    """Reads the tables of a DialectViewSet."""

    view: Any

    def get_tags(self) -> list[str]:
        return [self.view.tag]

    def get_operation_id(self) -> str:
        return f"{self.view.basename}_{self.view.action}_{self.method.lower()}"

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        # drf-spectacular ends the names of requests with this word itself.
        return super().get_serializer_name(serializer, direction).removesuffix("Request")

    def get_override_parameters(self) -> list[Any]:
        shape = self.view.parameters.get(self.view.action)
        return [shape] if shape else []

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False

    def _get_request_body(self, direction: Any = "request") -> dict[str, Any] | None:
        shapes = self.view.requests.get(self.view.action)
        if shapes is None:
            return None
        return {"required": True, "content": {"application/json": {"schema": self._any_of(shapes, "request")}}}

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        code = 201 if self.view.action in self.view.creating_actions else 200
        bodies = {code: self._any_of(self.view.responses[self.view.action], "response")}
        failures = {*ALWAYS, 401, *self.view.failures.get(self.view.action, ())}
        bodies |= dict.fromkeys(sorted(failures), self._any_of(self.view.failure_shapes, "response"))
        return {str(code): self._response(code, schema) for code, schema in bodies.items()}

    def _response(self, code: int, schema: dict[str, Any]) -> dict[str, Any]:
        public = any(isinstance(permission, AllowAny) for permission in self.view.get_permissions())
        says = HTTPStatus(code).phrase + (" (a wrong key)" if code == 401 and public else "")
        return {
            "description": says,
            "headers": LIMIT_HEADERS,
            "content": {"application/json": {"schema": schema}},
        }

    def _any_of(self, shapes: Sequence[Any], direction: Any) -> dict[str, Any]:
        found = [self.resolve_serializer(shape(), direction).ref for shape in dict.fromkeys(shapes)]
        return found[0] if len(found) == 1 else {"anyOf": found}


class _Addresses(EndpointEnumerator):
    """Those of a dialect, without the optional slash."""

    def get_api_endpoints(self, patterns: Any = None, prefix: str = "") -> list[tuple[Any, ...]]:
        found = self._get_api_endpoints(patterns, prefix)
        return sorted(
            {
                (path.rstrip("/"), method): (path.rstrip("/"), *rest, method, callback)
                for path, *rest, method, callback in found
            }.values(),
            key=lambda row: (row[0], row[2]),
        )


class _Generator(SchemaGenerator):
    """Without what settings.SPECTACULAR_SETTINGS adds for /v1."""

    endpoint_inspector_cls = _Addresses

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        document = build_root_object(
            paths=self.parse(request, True), components=self.registry.build({}), webhooks={}, version="1.0.0"
        )
        return dict(normalize_result_object(document))


def documentation(*, title: str, description: str, mount: str, api: list[URLPattern]) -> list[URLPattern]:
    """`docs` and `docs-json` of the addresses that lie at `<mount>/api/`."""

    @cache
    def document() -> dict[str, Any]:
        made = _Generator(patterns=[path(f"{mount.strip('/')}/api/", include(api))]).get_schema(public=True)
        return {**made, "info": {"title": title, "description": description, "version": "1.0.0"}}

    @require_safe
    def openapi(request: HttpRequest) -> JsonResponse:
        """The document."""
        return JsonResponse(document())

    page: Callable[..., Any] = SwaggerView.as_view(url=f"{mount}/docs-json", title=title)
    return [path("docs", page, name="docs"), path("docs-json", openapi, name="openapi")]
