"""Failures on this wire: `{error, details?}`, with the statuses that the document lists."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from rest_framework import serializers

from jobs.lifecycle import Status
from marketplace.api.problems import Problem
from marketplace.dialects.molted.generations import Generation, generation_of
from marketplace.dialects.molted.words import FIELDS, STATUSES
from marketplace.errors import FieldError, MarketError, NotAllowed

# Ours → theirs. To the later generation a 402 is a demand to pay on a chain.
BAD_REQUEST = frozenset({402, 409, 411, 413, 415, 422})


class NamedInBody(MarketError):
    """What the body names is not there: a bad request in the document, a 404 later (WIRE 5.1)."""

    status, code, title = 404, "NAMED_IN_BODY", "Not found"


class WalletNotSet(NotAllowed):
    detail = "Wallet address not set"


class NotPossible(MarketError):
    """The job is not where it would have to be for this."""

    status, code, title = 400, "NOT_POSSIBLE", "Not possible now"


def answer(request: HttpRequest, problem: Problem) -> JsonResponse:
    """The problem as this wire says it."""
    generation = generation_of(request)
    return JsonResponse(_body(problem, generation), status=_status(problem, generation), headers=dict(problem.headers))


def _status(problem: Problem, generation: Generation) -> int:
    if problem.code == NamedInBody.code and generation is Generation.DOCUMENTED:
        return 400
    return 400 if problem.status in BAD_REQUEST else problem.status


def _body(problem: Problem, generation: Generation) -> dict[str, Any]:
    if problem.status == 429:
        retry_after = problem.extra.get("retryAfter")
        return {"error": "Rate limit exceeded", "message": problem.detail, "retryAfter": retry_after}
    named = [error for error in problem.errors if error.field]
    if not named:
        return {"error": _sentence(problem)}
    details = _by_field(named) if generation is Generation.LATER else _listed(named)
    return {"error": "Validation failed", "details": details}


def _sentence(problem: Problem) -> str:
    """What went wrong, without words for a status that this wire does not have."""
    if problem.code != "WRONG_STATUS":
        return problem.detail
    current = Status(problem.extra["currentStatus"])
    words = [word for word, standing in STATUSES.items() if current in standing.statuses]
    return f"Not possible for a job that is {' or '.join(words)}"


def _path(error: FieldError) -> list[str]:
    first, *rest = error.field.split(".")
    return [FIELDS.get(first, first), *rest]


def _listed(errors: list[FieldError]) -> list[dict[str, Any]]:
    return [{"path": _path(error), "message": error.message} for error in errors]


def _by_field(errors: list[FieldError]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for error in errors:
        found.setdefault(_path(error)[0], []).append(error.message)
    return found


class DetailSerializer(serializers.Serializer[Any]):
    """One thing wrong with one member."""

    path = serializers.ListField(child=serializers.CharField())
    message = serializers.CharField()


class FailureSerializer(serializers.Serializer[Any]):
    """What went wrong."""

    error = serializers.CharField()
    details = DetailSerializer(many=True, required=False)
    message = serializers.CharField(required=False, help_text="With a 429.")
    retryAfter = serializers.IntegerField(required=False, help_text="With a 429: seconds.")  # noqa: N815


class LaterFailureSerializer(serializers.Serializer[Any]):
    """The same for a key that begins with ab_."""

    error = serializers.CharField()
    details = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False)


FAILURES = (FailureSerializer, LaterFailureSerializer)
