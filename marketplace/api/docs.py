"""The documentation of the API: the OpenAPI document and Swagger UI, from the code and from this site alone."""

from functools import cache
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny


@cache
def openapi_document() -> dict[str, Any]:
    """The document of this process: it depends on the code alone."""
    return SchemaGenerator().get_schema(public=True)


@require_safe
def openapi(request: HttpRequest) -> JsonResponse:
    """`/docs-json`."""
    return JsonResponse(openapi_document())


class SwaggerView(SpectacularSwaggerSplitView):
    """`/docs`. Page and script come apart, which the content security policy wants."""

    authentication_classes = []  # noqa: RUF012
    permission_classes = [AllowAny]  # noqa: RUF012
    template_name = "api/docs.html"
    url_name = "openapi"
