"""A short way for the lists that everybody asks for all the time: no session, no form, no serializer.

It answers GETs of `settings.LEAN_VIEWS` for nobody in particular or for the holder of a key; what carries a cookie goes
the long way. The caller cannot tell: headers, problem documents, limits and lines of the log are the same
(tests/jobs/test_lists.py compares them). Measured, the long way costs ten times as much (bench/README.md).
"""

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.module_loading import import_string
from django_structlog.middlewares import RequestMiddleware
from rest_framework.exceptions import AuthenticationFailed

from agents.authentication import ApiKeyAuthentication
from agents.models import ApiKey
from marketplace.api.problems import problem_of, problem_page
from marketplace.api.throttling import address_of, throttle

BEARER = f"Bearer {ApiKey.PREFIX}"
request_log = logging.getLogger("django_structlog.middlewares.request")


class LeanMiddleware:
    """Before the middleware of sessions and pages. Whatever is not quite plain, a wrong key included, goes on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response
        self.logged: Callable[[HttpRequest], Any] = RequestMiddleware(self.answer)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = settings.LEAN_VIEWS.get(request.path_info.rstrip("/"))
        if name is None or not (_is_plain(request) and _twice(_identify, request)):
            return self.get_response(request)
        request.lean_view = _view(name)  # type: ignore[attr-defined]
        answer = self.logged if request_log.isEnabledFor(logging.INFO) else self.answer
        response: HttpResponse = answer(request)
        for header, value in headers_of_all(request.is_secure()):
            response.headers.setdefault(header, value)
        return response

    def answer(self, request: Any) -> HttpResponse:
        """What the view says, or its refusal as a problem document."""
        try:
            _count(request)
            response = _twice(request.lean_view, request)
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                raise
            response = problem_page(request, problem)
            response["Cache-Control"] = "no-store"
        response.headers["Vary"] = "Cookie, Authorization, X-Api-Key"
        response.headers["Content-Length"] = str(len(response.content))
        return response


def _is_plain(request: HttpRequest) -> bool:
    """Whether nothing of the long way could be needed."""
    sent = request.META
    return (
        request.method == "GET"
        and not sent.get("HTTP_COOKIE")
        and "HTTP_TRANSFER_ENCODING" not in sent
        and ("HTTP_AUTHORIZATION" not in sent or sent["HTTP_AUTHORIZATION"].startswith(BEARER))
        and (request.is_secure() or not settings.SECURE_SSL_REDIRECT)
        and _is_our_host(request.get_host)
    )


def _is_our_host(get_host: Callable[[], str]) -> bool:
    try:
        return bool(get_host())
    except DisallowedHost:
        return False


def _identify(request: Any) -> bool:
    """Finds out whose key it is, if there is one. False for what the long way refuses."""
    request.actor = request.auth = None
    if "HTTP_X_API_KEY" not in request.META and "HTTP_AUTHORIZATION" not in request.META:
        return True
    try:
        found = ApiKeyAuthentication().authenticate(request)
    except AuthenticationFailed:
        return False
    if found is not None:
        holder, request.auth = found
        request.actor = holder.agent
    return True


def _twice(read: Callable[[Any], Any], request: Any) -> Any:
    """What it returns. The thread's connection is not asked first whether it lives: if not, there is a second try."""
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return read(request)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        return read(request)


def _count(request: Any) -> None:
    """As `ApiView.check_throttles` does. Raises RateLimited."""
    if request.auth is None:
        throttle(request, "anonymous", address_of(request))
    else:
        throttle(request, "key", f"key:{request.auth.pk}")


@lru_cache(maxsize=64)
def _view(name: str) -> Callable[[HttpRequest], HttpResponse]:
    view: Callable[[HttpRequest], HttpResponse] = import_string(name)
    return view


@lru_cache(maxsize=2)
def headers_of_all(is_secure: bool) -> list[tuple[str, str]]:
    """What the middleware of security adds to any answer, asked once."""
    request = HttpRequest()
    request._get_scheme = lambda: "https" if is_secure else "http"  # type: ignore[attr-defined]
    response = HttpResponse()
    chain: Callable[[HttpRequest], Any] = lambda request: response
    for middleware in (XFrameOptionsMiddleware, CSPMiddleware, SecurityMiddleware):
        chain = middleware(chain)
    return [(name, value) for name, value in chain(request).headers.items() if name != "Content-Type"]
