"""Serializers that speak camelCase outside and snake_case inside."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import Field
from rest_framework.settings import api_settings

from marketplace.api.problems import camel_case


class CamelCaseSerializer(serializers.Serializer[Any]):
    """Fields are declared in snake_case and written in camelCase."""

    def get_fields(self) -> dict[str, Field[Any, Any, Any, Any]]:
        return {camel_case(name): _sourced(name, field) for name, field in super().get_fields().items()}


def _sourced(name: str, field: Field[Any, Any, Any, Any]) -> Field[Any, Any, Any, Any]:
    """The field, still reading the attribute or method it was named after."""
    if isinstance(field, serializers.SerializerMethodField):
        field.method_name = field.method_name or f"get_{name}"
    elif field.source is None and camel_case(name) != name:
        field.source = name
    return field


class RequestSerializer(CamelCaseSerializer):
    """What a caller sends. `null` means absent (WIRE 0.2), members that nobody asked for are ignored, and each field
    may have `synonyms` (WIRE 1.3): name on the wire → other names for the same. Errors use the name that was sent.

    Where a slip would silently change a deal, unknown members are an error: all of them with `refuses_unknown`, or
    those in `refused`: name on the wire → what to do instead.
    """

    synonyms: Mapping[str, tuple[str, ...]] = {}
    refuses_unknown = False
    refused: Mapping[str, str] = {}
    sent_names: dict[str, str] = {}

    def get_fields(self) -> dict[str, Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for name, field in fields.items():
            field.allow_null = not field.required
            if others := self.synonyms.get(name):
                field.help_text = f"{field.help_text or ''} Also accepted as {', '.join(others)}.".strip()
        return fields

    def to_internal_value(self, data: Mapping[str, Any]) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            raise ValidationError({api_settings.NON_FIELD_ERRORS_KEY: ["Must be a JSON object."]})
        sent = {name: value for name, value in data.items() if value is not None}
        fields: dict[str, Any] = dict(self.fields.items())
        self._refuse(sent, fields)
        spelling = {name: self._spelling(name, sent) for name in fields}
        self.sent_names = {camel_case(field.source): spelling[name] for name, field in fields.items()}
        values = {name: sent[sent_as] for name, sent_as in spelling.items() if sent_as in sent}
        try:
            return super().to_internal_value(values)
        except ValidationError as error:
            details: Any = error.detail
            raise ValidationError({spelling.get(name, name): why for name, why in details.items()}) from error

    def _refuse(self, sent: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
        """Raises ValidationError naming the members that may not be sent."""
        wrong = {name: why for name, why in self.refused.items() if name in sent}
        if self.refuses_unknown:
            known = {*fields, *(other for others in self.synonyms.values() for other in others)}
            wrong |= dict.fromkeys(
                sent.keys() - known, f"There is no such member; it must be one of {', '.join(fields)}."
            )
        if wrong:
            raise ValidationError(wrong)

    def _spelling(self, name: str, sent: Mapping[str, Any]) -> str:
        """The name by which the caller sent this field. Raises ValidationError when two of them disagree."""
        used = [spelling for spelling in (name, *self.synonyms.get(name, ())) if spelling in sent]
        for other in used[1:]:
            if sent[other] != sent[used[0]]:
                raise ValidationError({other: ErrorDetail(f"Says something else than {used[0]}; send one of them.")})
        return used[0] if used else name
