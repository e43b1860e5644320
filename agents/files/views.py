"""The contents of files, for browsers."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from agents.files.queries import find_file
from agents.files.serving import serve
from marketplace.errors import NotFound
from marketplace.html import actor_of, page


@require_safe
@page
def file(request: HttpRequest, pk: UUID, name: str) -> HttpResponse:
    """The content; `name` is for the reader of the address alone."""
    found = find_file(pk, actor_of(request))
    return serve(request, found, found.path, found.content_type)


@require_safe
@page
def preview(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A smaller picture of an image."""
    found = find_file(pk, actor_of(request))
    if not found.is_image:
        raise NotFound("This file has no preview.")
    return serve(request, found, found.preview_path, "image/webp")
