"""Failures as the API tells them: problem documents (RFC 9457) with the members that clients look for (WIRE 1.6)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

import psycopg
from django.conf import settings
from django.core.exceptions import (
    NON_FIELD_ERRORS,
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse, UnreadablePostError
from django.urls import reverse
from django.utils import timezone
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure
from psycopg_pool import PoolTimeout
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.errors import FieldError, Invalid, MarketError, NotAllowed, NotFound
from marketplace.timestamps import format_timestamp

MEDIA_TYPE = "application/problem+json"
# Failures of the database that left nothing behind and will pass: the caller may send the same request again.
PASSING = (LockNotAvailable, DeadlockDetected, SerializationFailure, PoolTimeout)
RETRY_AFTER_SECONDS = "1"


class DatabaseLost(MarketError):
    status, code, title = 503, "DATABASE_LOST", "Database lost"
    detail = "The database went away meanwhile. Whether it was done is not known: ask, or send it with the same key."


class Busy(MarketError):
    status, code, title = 503, "RETRY", "Busy"
    detail = "Others are changing the same thing. Nothing was done; send the request again."


@dataclass(frozen=True)
class Problem:
    """What went wrong, before it is bound to a request."""

    status: int
    code: str
    title: str
    detail: str
    errors: list[FieldError] = field(default_factory=list)
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def plain(cls, status: int, detail: str, **members: Any) -> "Problem":
        """A problem that is fully said by its HTTP status and a sentence."""
        meaning = HTTPStatus(status)
        return cls(status=status, code=meaning.name, title=meaning.phrase, detail=detail, **members)

    def document(self, request: HttpRequest | Request) -> dict[str, Any]:
        """The members of RFC 9457, and those that the SDKs read (WIRE 1.6)."""
        return {
            **self.extra,
            "type": settings.SITE_URL + reverse("api_error", args=[self.code.lower().replace("_", "-")]),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": request.path,
            "requestId": getattr(request, "request_id", None),
            "code": self.code,
            "message": self.detail,
            "errors": [{"field": error.field, "message": error.message} for error in self.errors],
            "timestamp": format_timestamp(timezone.now()),
            "path": request.path,
        }


def problem_response(exception: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. None for what nobody foresaw: Django logs that and answers with `server_error`."""
    problem = problem_of(exception)
    if problem is None:
        return None
    if isinstance(exception, MarketError):
        problem = _in_words_of_the_caller(problem, getattr(context["view"], "sent_names", {}))
    return Response(
        problem.document(context["request"]), problem.status, headers=problem.headers, content_type=MEDIA_TYPE
    )


def problem_page(request: HttpRequest, problem: Problem) -> JsonResponse:
    """The same document outside DRF."""
    return JsonResponse(
        problem.document(request), status=problem.status, headers=problem.headers, content_type=MEDIA_TYPE
    )


def problem_of(exception: Exception) -> Problem | None:
    """The problem that an exception stands for, None when it stands for a fault of ours."""
    match exception:
        case MarketError():
            return problem_of_refusal(exception)
        case Http404():
            return problem_of_refusal(NotFound())
        case PermissionDenied():
            return problem_of_refusal(NotAllowed())
        case exceptions.ValidationError():
            return problem_of_refusal(Invalid(errors=_flatten(exception.detail)))
        case ValidationError():
            details = exception.message_dict if hasattr(exception, "error_dict") else exception.messages
            return problem_of_refusal(Invalid(errors=_flatten(details)))
        case exceptions.APIException():
            return Problem.plain(exception.status_code, str(exception.detail), headers=_headers(exception))
        case RequestDataTooBig():
            most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            return Problem.plain(413, f"The body is larger than {most} bytes, without files; or has too large files.")
        case BadRequest() | SuspiciousOperation() | UnreadablePostError():
            return Problem.plain(400, "The request could not be read.")
        case OperationalError() if isinstance(exception.__cause__, PASSING):
            return replace(problem_of_refusal(Busy()), headers={"Retry-After": RETRY_AFTER_SECONDS})
        case OperationalError() | InterfaceError() if _is_lost(exception.__cause__):
            return replace(problem_of_refusal(DatabaseLost()), headers={"Retry-After": RETRY_AFTER_SECONDS})
    return None


def _is_lost(cause: BaseException | None) -> bool:
    """Whether PostgreSQL ended the connection or is starting (classes 57P and 08), or the driver found it closed."""
    state = getattr(cause, "sqlstate", "") if isinstance(cause, psycopg.Error) else ""
    return state is None or state.startswith(("57P", "08"))


def problem_of_refusal(error: MarketError) -> Problem:
    """The problem that a refusal is."""
    detail = error.detail
    if error.errors and detail == type(error).detail:
        detail = _summary(error.errors)
    return Problem(error.status, error.code, error.title, detail, error.errors, error.extra, error.headers)


def _summary(errors: list[FieldError]) -> str:
    """One sentence for clients that show nothing else."""
    first, others = errors[0], len(errors) - 1
    sentence = f"{first.field}: {first.message}" if first.field else first.message
    return f"{sentence} ({others} more)" if others else sentence


def _headers(exception: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(exception, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(exception, "wait", None):
        headers["Retry-After"] = str(round(wait))
    return headers


def _flatten(details: Any, path: tuple[str, ...] = ()) -> list[FieldError]:
    """Nested details of a ValidationError as a list of fields with dotted paths."""
    if isinstance(details, dict):
        return [error for key, nested in details.items() for error in _flatten(nested, (*path, *_step(key)))]
    if isinstance(details, list):
        return [error for nested in _numbered(details, path) for error in _flatten(*nested)]
    return [FieldError(".".join(path), str(details))]


def _step(key: Any) -> tuple[str, ...]:
    return () if key in ("non_field_errors", NON_FIELD_ERRORS) else (str(key),)


def _numbered(details: Iterable[Any], path: tuple[str, ...]) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Items of a list with their paths; only items that have fields of their own are numbered."""
    for index, nested in enumerate(details):
        if nested:
            yield nested, (*path, str(index)) if isinstance(nested, dict) else path


def _in_words_of_the_caller(problem: Problem, sent_names: Mapping[str, str]) -> Problem:
    """Services speak of `budget` and `deadline_at`; the caller sent `budgetUsdc` and `deadlineAt`, or a synonym."""
    errors = []
    detail = problem.detail
    for error in problem.errors:
        head, dot, rest = error.field.partition(".")
        sent = sent_names.get(camel_case(head), camel_case(head))
        errors.append(FieldError(f"{sent}{dot}{rest}", error.message))
        detail = detail.replace(f"{error.field}: {error.message}", f"{sent}{dot}{rest}: {error.message}")
    return replace(problem, errors=errors, detail=detail)


def camel_case(name: str) -> str:
    """`deadline_at` → `deadlineAt`."""
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)
