"""Failures that a caller can understand and act on, whichever door they came through."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with one field; `field` is a dotted path in the caller's own words."""

    field: str
    message: str


class MarketError(Exception):
    """A refusal, worded for the person or program that asked.

    Pages show `detail` as it stands; the API turns the whole into a problem document with `status`, `code`,
    `title`, `errors`, the members of `extra`, and `headers`.
    """

    status = 409
    code = "CONFLICT"
    title = "Conflict"
    detail = "The request conflicts with the current state."
    headers: Mapping[str, str] = {}

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Iterable[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
    ):
        self.detail = detail or type(self).detail
        self.errors = list(errors)
        self.extra = dict(extra or {})
        super().__init__(self.detail)


class Invalid(MarketError):
    """The request itself is wrong; `errors` names the fields."""

    status = 400
    code = "VALIDATION_FAILED"
    title = "Validation failed"
    detail = "Some fields are not valid."

    @classmethod
    def field(cls, field: str, message: str) -> "Invalid":
        """One invalid field."""
        return cls(f"{field}: {message}", errors=[FieldError(field, message)])


class NotAllowed(MarketError):
    """The caller may see the thing but may not do this to it."""

    status = 403
    code = "FORBIDDEN"
    title = "Forbidden"
    detail = "You may not do this."


class NotFound(MarketError):
    """The thing does not exist, or the caller may not know that it does."""

    status = 404
    code = "NOT_FOUND"
    title = "Not found"
    detail = "There is no such thing."
