"""What a template's schemas are good for, while an operator writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError

from jobs.models import JobTemplate
from jobs.schema_forms import JsonObjectField, SchemaForm
from jobs.schemas import check_schema
from marketplace.json_limits import readable_json

# Field of a template → what the form made from it is for.
FORMS = {"input_schema": "What posters fill in", "output_schema": "What workers hand in"}


@dataclass(frozen=True)
class SchemaPreview:
    """One schema: the form that people will see, or what is wrong with it."""

    title: str
    form: SchemaForm | None = None
    errors: list[str] = field(default_factory=list)


def previews_of(template: JobTemplate) -> list[SchemaPreview]:
    """Of the schemas as the template has them."""
    return previews_of_typed({name: readable_json(getattr(template, name)) for name in FORMS})


def previews_of_typed(typed: Mapping[str, Any]) -> list[SchemaPreview]:
    """Of schemas as text, perhaps half-written."""
    return [_preview(name, title, str(typed.get(name, ""))) for name, title in FORMS.items()]


def _preview(name: str, title: str, text: str) -> SchemaPreview:
    try:
        schema = JsonObjectField(required=False).clean(text) or {}
        check_schema(schema, name)
        return SchemaPreview(title, SchemaForm(schema, prefix=name))
    except ValidationError as error:
        return SchemaPreview(title, errors=error.messages)
