"""How answers are written: JSON whatever is asked for, successes as `{data, meta}`."""

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

# Of downloads, whatever is in them: generators of clients know no other type of bytes.
BYTES = "application/octet-stream"


class EnvelopeRenderer(JSONRenderer):
    """Wraps a success as `{data, meta}`, with the response's `meta` if it has one; problems stay as they are."""

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        response = (renderer_context or {})["response"]
        if not response.exception:
            data = {"data": data, "meta": getattr(response, "meta", {})}
        return super().render(data, None, renderer_context)


class OneFormat(DefaultContentNegotiation):
    """Answers in the view's first format even to those who ask for another: a client can read JSON or nothing."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type
