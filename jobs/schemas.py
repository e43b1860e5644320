"""JSON Schema (2020-12): checking schemas, and data against them, with every error named by its path."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import jsonschema_rs
from django.core.exceptions import ValidationError

from marketplace.errors import FieldError, Invalid

MOST_ERRORS = 20
LONGEST = 500
Kind = jsonschema_rs.ValidationErrorKind


def check_schema(schema: Any, field: str) -> None:
    """Raises Django's ValidationError naming `field` unless the schema is one that we can apply and a form can show."""
    if not isinstance(schema, dict):
        raise ValidationError({field: "Must be a JSON object, between { and }."})
    try:
        _validator(schema)
    except jsonschema_rs.ValidationError as error:
        where = f"at {_path(*error.instance_path)}: " if error.instance_path else ""
        raise ValidationError({field: f"Not a JSON Schema that can be used: {where}{error.message}"}) from error
    except (jsonschema_rs.ReferencingError, ValueError, TypeError) as error:
        raise ValidationError({field: f"Not a JSON Schema that can be used: {error}"}) from error


def require_valid(data: Any, schema: Mapping[str, Any], field: str) -> None:
    """Raises Invalid whose errors name each path in the data that breaks the schema, as `field.path`."""
    errors = list(islice(_errors(data, schema, field), MOST_ERRORS))
    if errors:
        raise Invalid(f"{field} does not match the template's schema.", errors=errors)


def _errors(data: Any, schema: Mapping[str, Any], field: str) -> Iterator[FieldError]:
    for error in _validator(schema).iter_errors(data):
        for member in _members_named_by(error.kind):
            yield FieldError(_path(field, *error.instance_path, *member), error.message[:LONGEST])


def _members_named_by(kind: Any) -> list[list[str]]:
    """What is missing or should not be there has a path of its own; anything else is about the value itself."""
    match kind:
        case Kind.Required():
            return [[kind.property]]
        case Kind.AdditionalProperties() | Kind.UnevaluatedProperties():
            return [[name] for name in kind.unexpected]
    return [[]]


def _path(*parts: Any) -> str:
    return ".".join(str(part) for part in parts)[:LONGEST]


def _validator(schema: Any) -> Any:
    """A validator that fetches nothing: by default `$ref` would reach the network and the disk."""
    return jsonschema_rs.Draft202012Validator(schema, retriever=_refuse, validate_formats=True)


def _refuse(uri: str) -> Any:
    raise ValueError(f"References outside the schema are not allowed: {uri}")
