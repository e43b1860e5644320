"""What every request passes first: it gets its id, and is refused when it holds what nothing behind can take."""

import re
from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bind_contextvars, clear_contextvars

from marketplace.api.problems import problem_of_refusal
from marketplace.api.surfaces import surface_of
from marketplace.api.throttling import RateLimited, Usage, address_of, throttle
from marketplace.api.views import bad_request
from marketplace.identifiers import uuid7

HEADER = "X-Request-Id"
_SAFE = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id_of(request: HttpRequest) -> str:
    """What the caller calls the request, if that is safe to log, or a new name."""
    sent = request.META.get("HTTP_X_REQUEST_ID", "")
    return sent if _SAFE.fullmatch(sent) else str(uuid7())


class RequestIdMiddleware:
    """One name for a request in its response, its log lines and its problem document (FEATURES J5): the caller's own
    when it is safe to log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request_id_of(request)
        # The request logger, further in, takes its id from this header.
        request.META["HTTP_X_REQUEST_ID"] = request_id
        request.request_id = request_id  # type: ignore[attr-defined]
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        # The request logger has forgotten the id by now, and Django still logs refused requests after this.
        bind_contextvars(request_id=request_id)
        response[HEADER] = request_id
        return response


class RefuseNulMiddleware:
    """Refuses NUL characters in addresses and cookies: PostgreSQL cannot take them, wherever they would end up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        texts = (request.path, request.META.get("QUERY_STRING", "").replace("%00", "\0"), *request.COOKIES.values())
        if any("\0" in text for text in texts):
            return bad_request(request, BadRequest("NUL characters in the address or in a cookie."))
        return self.get_response(request)


class RateLimitMiddleware:
    """Says on every response of an API how often one may ask.

    Views count those whom they know, and leave what they were told in `request.usage`. Whoever got no further (a wrong
    key, no such address, a wrong method) is counted here, by address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not hasattr(request, "usage"):
            surface = surface_of(request)
            if surface is None:
                return response
            try:
                throttle(request, surface.scope, address_of(request))
            except RateLimited as refusal:
                return surface.answer(request, problem_of_refusal(refusal))
        usage: Usage | None = request.usage  # type: ignore[attr-defined]
        for name, value in usage.headers().items() if usage else ():
            response[name] = value
        return response
