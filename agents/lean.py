"""A short way for the lists that everybody asks for all the time: no session, form, serializer or Django handler.

It answers GETs of `settings.LEAN_VIEWS` for nobody in particular or for the holder of a key, in front of Django; what
carries a cookie, or is refused for its key, goes the long way. The caller cannot tell: headers, problem documents,
limits and lines of the log are the same (tests/jobs/test_lean.py compares them). Measured, the long way costs ten times
as much (bench/README.md).
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
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
from structlog.contextvars import bind_contextvars, clear_contextvars

from agents.authentication import ApiKeyAuthentication
from agents.models import Agent, ApiKey
from marketplace.api.middleware import HEADER, request_id_of
from marketplace.api.problems import problem_of, problem_page
from marketplace.api.throttling import Usage, address_of, throttle

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
BEARER = f"Bearer {ApiKey.PREFIX}"
request_log = logging.getLogger("django_structlog.middlewares.request")


class LeanRequest(HttpRequest):
    """A GET of which nothing is read before somebody asks for it."""

    actor: Agent | None = None
    auth: ApiKey | None = None
    usage: Usage | None = None

    def __init__(self, environ: Environ):
        self.META = environ
        self.method = "GET"
        self.path = self.path_info = environ["PATH_INFO"]
        self.request_id = request_id_of(self)
        environ["HTTP_X_REQUEST_ID"] = self.request_id

    def _get_scheme(self) -> str:
        return str(self.META["wsgi.url_scheme"])


@dataclass(slots=True)
class Answer:
    """What a view of the short way says."""

    status_code: int
    headers: dict[str, str]
    body: bytes = b""


class ShortWay:
    """A WSGI application before another one, which gets whatever is not quite plain, a wrong key included."""

    def __init__(self, application: Application):
        self.application = application
        self.logged: Callable[[Any], Any] = RequestMiddleware(_answer)  # type: ignore[arg-type]

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        name = settings.LEAN_VIEWS.get(environ["PATH_INFO"].rstrip("/"))
        if name is None or not _may_be_plain(environ):
            return self.application(environ, start_response)
        request = LeanRequest(environ)
        if not (_is_plain(request) and _twice(_identify, request)):
            return self.application(environ, start_response)
        request.view = _view(name)  # type: ignore[attr-defined]
        clear_contextvars()
        bind_contextvars(request_id=request.request_id)
        try:
            answer = (self.logged if request_log.isEnabledFor(logging.INFO) else _answer)(request)
        except Exception:  # noqa: BLE001 - whatever it is, the long way meets it too, and says so as it says such things
            return self.application(environ, start_response)
        start_response(_status_line(answer.status_code), _headers(request, answer))
        return [answer.body]


def _answer(request: Any) -> Answer:
    """What the view says, or its refusal as a problem document."""
    try:
        _count(request)
        answer: Answer = _twice(request.view, request)
    except Exception as error:
        problem = problem_of(error)
        if problem is None:
            raise
        page = problem_page(request, problem)
        return Answer(page.status_code, {**page.headers, "Cache-Control": "no-store"}, page.content)
    return answer


def _headers(request: LeanRequest, answer: Answer) -> list[tuple[str, str]]:
    headers = {**headers_of_all(request.is_secure()), **answer.headers}
    if request.usage is not None:
        headers |= request.usage.headers()
    headers[HEADER] = request.request_id
    if answer.status_code != HTTPStatus.NOT_MODIFIED:
        headers["Content-Length"] = str(len(answer.body))
    return list(headers.items())


def _may_be_plain(environ: Environ) -> bool:
    """Whether nothing of the long way is asked for."""
    return (
        environ["REQUEST_METHOD"] == "GET"
        and not environ.get("HTTP_COOKIE")
        and "HTTP_TRANSFER_ENCODING" not in environ
        and ("HTTP_AUTHORIZATION" not in environ or environ["HTTP_AUTHORIZATION"].startswith(BEARER))
        and "%00" not in environ.get("QUERY_STRING", "")
    )


def _is_plain(request: LeanRequest) -> bool:
    """Whether it came to us, and safely where that is asked for."""
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        return False
    try:
        return bool(request.get_host())
    except DisallowedHost:
        return False


def _identify(request: LeanRequest) -> bool:
    """Finds out whose key it is, if there is one. False for what the long way refuses."""
    if "HTTP_X_API_KEY" not in request.META and "HTTP_AUTHORIZATION" not in request.META:
        return True
    try:
        found = ApiKeyAuthentication().authenticate(request)  # type: ignore[arg-type]
    except AuthenticationFailed:
        return False
    if found is not None:
        holder, request.auth = found
        request.actor = holder.agent
    return True


def _twice(read: Callable[[Any], Any], request: LeanRequest) -> Any:
    """What it returns. The thread's connection is not asked first whether it lives: if not, there is a second try."""
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return read(request)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        return read(request)


def _count(request: LeanRequest) -> None:
    """As `ApiView.check_throttles` does. Raises RateLimited."""
    if request.auth is None:
        throttle(request, "anonymous", address_of(request))
    else:
        throttle(request, "key", f"key:{request.auth.pk}")


@lru_cache(maxsize=64)
def _view(name: str) -> Callable[[LeanRequest], Answer]:
    view: Callable[[LeanRequest], Answer] = import_string(name)
    return view


@lru_cache(maxsize=64)
def _status_line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


@lru_cache(maxsize=2)
def headers_of_all(is_secure: bool) -> dict[str, str]:
    """What the middleware of security adds to any answer, asked once, and what these answers depend on."""
    request = HttpRequest()
    request._get_scheme = lambda: "https" if is_secure else "http"  # type: ignore[attr-defined]
    response = HttpResponse()
    chain: Callable[[HttpRequest], Any] = lambda request: response
    for middleware in (XFrameOptionsMiddleware, CSPMiddleware, SecurityMiddleware):
        chain = middleware(chain)
    headers = {name: value for name, value in chain(request).headers.items() if name != "Content-Type"}
    return {**headers, "Vary": "Cookie, Authorization, X-Api-Key"}
