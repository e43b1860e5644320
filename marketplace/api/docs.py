"""The documentation of the API: the OpenAPI document and Swagger UI, from the code and from this site alone."""

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import etag, require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny

from marketplace.errors import MarketError


@cache
def openapi_document() -> dict[str, Any]:
    """The document of this process: it depends on the code alone."""
    return SchemaGenerator().get_schema(public=True)


@cache
def _written() -> tuple[bytes, str]:
    """The document as it is sent, and its ETag."""
    body = json.dumps(openapi_document(), ensure_ascii=False, separators=(",", ":")).encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


@require_safe
@etag(lambda request: _written()[1])
def openapi(request: HttpRequest) -> HttpResponse:
    """`/docs-json`."""
    return HttpResponse(_written()[0], content_type="application/json")


class SwaggerView(SpectacularSwaggerSplitView):
    """`/docs`. Page and script come apart, which the content security policy wants."""

    authentication_classes = []
    permission_classes = [AllowAny]
    template_name = "api/docs.html"
    url_name = "openapi"


@require_safe
def error_page(request: HttpRequest, slug: str) -> HttpResponse:
    """`/errors/<code>`: where the `type` of a problem document leads."""
    code = slug.upper().replace("-", "_")
    kinds = {kind.code: kind for kind in _kinds_of(MarketError)}
    plain = {meaning.name: meaning for meaning in HTTPStatus if meaning >= 400}
    if kind := kinds.get(code):
        context = {"status": kind.status, "title": kind.title, "detail": kind.detail}
    elif meaning := plain.get(code):
        context = {"status": meaning.value, "title": meaning.phrase, "detail": meaning.description}
    else:
        raise Http404
    return render(request, "api/error.html", {"code": code, **context})


def _kinds_of(kind: type[MarketError]) -> Iterator[type[MarketError]]:
    yield kind
    for special in kind.__subclasses__():
        yield from _kinds_of(special)
