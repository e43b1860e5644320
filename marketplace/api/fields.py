"""Fields that take exactly what they say: no number for a text, no text for a number, no flag for either."""

import re
from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from marketplace.errors import Invalid
from marketplace.json_limits import require_limits
from marketplace.money import format_usdc, parse_usdc
from marketplace.text import clean_text
from marketplace.timestamps import format_timestamp


class TextField(serializers.CharField):
    """Text, without the characters that `clean_text` removes."""

    def run_validation(self, data: Any = empty) -> Any:
        if isinstance(data, str):
            data = clean_text(data)
        elif data is not empty and data is not None:
            self.fail("invalid")
        return super().run_validation(data)


class WholeNumberField(serializers.IntegerField):
    """A JSON number without a fraction; 5.0 is one."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int | float) or data != int(data):
            self.fail("invalid")
        return int(data)


class NumberField(serializers.FloatField):
    """A JSON number."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class FlagField(serializers.BooleanField):
    """true or false."""

    default_error_messages = {"invalid": "Must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class WordField(serializers.ChoiceField):
    """One of a few upper-case words, read in any case (WIRE 1.5)."""

    default_error_messages = {"invalid_choice": "Must be one of {choices}."}

    def to_internal_value(self, data: Any) -> str:
        word = data.strip().upper() if isinstance(data, str) else None
        if word not in self.choices:
            self.fail("invalid_choice", choices=", ".join(self.choices))
        return word  # type: ignore[return-value]


class FixedField(serializers.Field[Any, Any, Any, Any]):
    """A member that clients look for, with the one value that is true here."""

    def __init__(self, value: Any, **kwargs: Any):
        super().__init__(read_only=True, source="*", **kwargs)
        self.value = value

    def to_representation(self, value: Any) -> Any:
        return self.value


class UsdcField(serializers.Field[int, Any, str, Any]):
    """Micro-USDC inside, a decimal string outside; read from a string or a number."""

    def to_internal_value(self, data: Any) -> int:
        try:
            return parse_usdc(data, self.field_name or "amount")
        except Invalid as error:
            raise serializers.ValidationError(error.errors[0].message) from error

    def to_representation(self, value: int) -> str:
        return format_usdc(value)


@extend_schema_field({"type": "string", "format": "date-time"})
class TimestampField(serializers.Field[datetime, Any, str, Any]):
    """A moment in ISO 8601; UTC when no offset is given."""

    default_error_messages = {"invalid": "Must be a time such as 2026-01-31T12:00:00Z."}
    _FORM = re.compile(
        r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII | re.IGNORECASE
    )

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str) or not self._FORM.fullmatch(data):
            self.fail("invalid")
        try:
            moment = datetime.fromisoformat(data.upper())
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid")

    def to_representation(self, value: datetime) -> str:
        return format_timestamp(value)


@extend_schema_field({"type": "object", "additionalProperties": True})
class JSONObjectField(serializers.Field[dict[str, Any], Any, dict[str, Any], Any]):
    """A JSON object of bounded depth and size."""

    default_error_messages = {"invalid": "Must be a JSON object."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("invalid")
        try:
            require_limits(data)
        except Invalid as refusal:
            raise serializers.ValidationError(refusal.detail) from refusal
        return data

    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        return value


@extend_schema_field({"type": ["string", "object"], "additionalProperties": True})
class TextOrObjectField(TextField):
    """A text, or a JSON object of bounded depth and size."""

    def run_validation(self, data: Any = empty) -> Any:
        if isinstance(data, dict):
            return JSONObjectField().to_internal_value(data)
        return super().run_validation(data)
