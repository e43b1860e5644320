"""What the requests of all dialects have in common."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import Field
from rest_framework.settings import api_settings


class DialectRequest(serializers.Serializer[Any]):
    """What a caller sends, by the names of the wire: `null` means absent (WIRE 0.2), other members are ignored."""

    sent_names: dict[str, str] = {}

    def get_fields(self) -> dict[str, Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for field in fields.values():
            field.allow_null = not field.required
        return fields

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            raise ValidationError({api_settings.NON_FIELD_ERRORS_KEY: ["Must be a JSON object."]})
        return super().to_internal_value({name: value for name, value in data.items() if value is not None})


class DialectParameters(DialectRequest):
    """What a caller asks for in the address; empty means absent."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        return super().to_internal_value({name: value for name, value in data.items() if value != ""})
