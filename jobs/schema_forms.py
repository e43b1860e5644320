"""A form made from a JSON Schema.

The fields give people the right control for each property; whether the data is valid is for the schema itself to
say, in the service. What no control fits is written as JSON.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from jobs.forms import LinesField, MomentField
from marketplace.api.parsers import require_storable
from marketplace.errors import FieldError, Invalid
from marketplace.html import ProseField
from marketplace.json_limits import readable_json, require_limits

LONG_TEXT = 200
WHOLE = "json"
SCALARS = {"string", "number", "integer", "boolean"}


class JsonField(forms.CharField):
    """Any JSON that PostgreSQL can keep, typed as text."""

    widget = forms.Textarea(attrs={"rows": 6, "class": "json", "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else readable_json(value)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            parsed = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
        except json.JSONDecodeError as error:
            raise ValidationError(f"Not JSON: {error.msg} at line {error.lineno} column {error.colno}.") from error
        except (ValueError, RecursionError) as error:
            raise ValidationError("Cannot be kept: a number is too long, or it is nested too deep.") from error
        _require_keepable(parsed)
        return parsed


def _require_keepable(data: Any) -> None:
    """What the API refuses, refused in a form."""
    try:
        require_limits(data)
        require_storable(data)
    except Invalid as refusal:
        raise ValidationError(refusal.errors[0].message if refusal.errors else refusal.detail) from refusal


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(digits)
    return number


class JsonObjectField(JsonField):
    """A JSON object, typed as text."""

    def clean(self, value: Any) -> Any:
        parsed = super().clean(value)
        if parsed is not None and not isinstance(parsed, dict):
            raise ValidationError("Must be a JSON object, between { and }.")
        return parsed


class ChoiceOfField(forms.TypedChoiceField):
    """One of the values of an `enum`, whatever their types."""

    def __init__(self, *, values: Iterable[Any], required: bool, **kwargs: Any):
        choices = [(json.dumps(value), str(value)) for value in values]
        self.texts = {text for text, _ in choices}
        blank = [] if required and len(choices) == 1 else [("", "Choose…" if required else "No answer")]
        super().__init__(choices=blank + choices, coerce=json.loads, empty_value=None, required=required, **kwargs)
        self._known = dict(blank + choices)

    def prepare_value(self, value: Any) -> Any:
        is_typed = isinstance(value, str) and value in self._known
        return value if value is None or is_typed else json.dumps(value)


class ChoicesOfField(forms.TypedMultipleChoiceField):
    """Several of the values of an `enum`."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, values: Iterable[Any], **kwargs: Any):
        super().__init__(choices=[(json.dumps(value), str(value)) for value in values], coerce=json.loads, **kwargs)


class IsoDateField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        return day.isoformat() if day else None


class IsoMomentField(MomentField):
    def clean(self, value: Any) -> Any:
        moment = super().clean(value)
        return moment.isoformat().replace("+00:00", "Z") if moment else None


class SchemaForm(forms.Form):
    """The form of a schema; `value()` is the data, `show(errors)` puts the schema's verdict beside the fields."""

    def __init__(self, schema: Mapping[str, Any], *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.properties = fillable(schema)
        self.names = {property: f"field-{number}" for number, property in enumerate(self.properties)}
        required = set(schema.get("required", []))
        for property, name in self.names.items():
            self.fields[name] = _field(property, self.properties[property], property in required)
        if not self.properties:
            self.fields[WHOLE] = JsonObjectField(label="Data", help_text="A JSON object.", initial={})

    @classmethod
    def of(cls, schema: Mapping[str, Any], data: Mapping[str, Any], *args: Any, **kwargs: Any) -> SchemaForm:
        """The form filled in with data that there is."""
        form = cls(schema, *args, **kwargs)
        form.begin_with(data)
        return form

    def begin_with(self, data: Mapping[str, Any]) -> None:
        """Shows data that there is, to be changed."""
        known = {name: data[property] for property, name in self.names.items() if property in data}
        self.initial = known if self.properties else {WHOLE: data}

    def clean(self) -> None:
        _require_keepable(self.value())

    def value(self) -> dict[str, Any]:
        """The data that was filled in; what was left empty is left out."""
        if not self.properties:
            return self.cleaned_data.get(WHOLE) or {}
        filled = {property: self.cleaned_data.get(name) for property, name in self.names.items()}
        return {property: value for property, value in filled.items() if value not in (None, "", [])}

    def show(self, errors: Iterable[FieldError], root: str) -> list[FieldError]:
        """Places the errors whose path begins with `root`; returns those that are of other things."""
        others = []
        for error in errors:
            head, _, path = error.field.partition(".")
            if head != root:
                others.append(error)
            else:
                self._place(path, error.message)
        return others

    def _place(self, path: str, message: str) -> None:
        """Beside the field, or above the form what concerns none; an error inside a value says where."""
        place: str | None = None if self.properties else WHOLE
        inside = path
        for property, name in self.names.items():
            if path == property or path.startswith(f"{property}."):
                place, inside = name, path.removeprefix(property).removeprefix(".")
                break
        self.add_error(place, f"{inside}: {message}" if inside else message)


def fillable(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The properties, if filling them in can satisfy the schema; else none, and the whole is written as JSON.

    PostgreSQL keeps no order of keys but that of lists: what is required comes first, as `required` has it.
    """
    properties = schema.get("properties")
    required = list(dict.fromkeys(schema.get("required", [])))
    if schema.get("type", "object") != "object" or not isinstance(properties, dict):
        return {}
    if not set(required) <= properties.keys():
        return {}
    order = required + [name for name in properties if name not in required]
    return {name: properties[name] if isinstance(properties[name], dict) else {} for name in order}


def label_of(property: str, rules: Mapping[str, Any]) -> str:
    """The property's title, or its name as words: `targetLanguage` → "Target language"."""
    if isinstance(rules.get("title"), str) and rules["title"]:
        return rules["title"]
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in property)
    return " ".join(words.replace("_", " ").replace("-", " ").split()).capitalize() or property


def _field(property: str, rules: Mapping[str, Any], required: bool) -> forms.Field:
    made = _control(rules, required)
    made.label = label_of(property, rules)
    made.help_text = made.help_text or str(rules.get("description", ""))
    made.initial = rules.get("default")
    if examples := rules.get("examples"):
        made.widget.attrs.setdefault("placeholder", f"e.g. {examples[0]}")
    return made


def _control(rules: Mapping[str, Any], required: bool) -> forms.Field:
    """The field that fits the property best, JSON if none does."""
    if "const" in rules:
        return ChoiceOfField(values=[rules["const"]], required=required)
    if isinstance(rules.get("enum"), list):
        return ChoiceOfField(values=[value for value in rules["enum"] if value is not None], required=required)
    make = _MAKERS.get(_type_of(rules))
    if make is None:
        return JsonField(required=required, help_text=_or_hint(rules, "Written as JSON."))
    return make(rules, required)


def _type_of(rules: Mapping[str, Any]) -> str:
    """The one type of the property; "null" beside it only says that it may be left out."""
    stated = rules.get("type")
    types = [stated] if isinstance(stated, str) else [one for one in stated or [] if one != "null"]
    if len(types) != 1 or "$ref" in rules:
        return ""
    if types == ["array"]:
        items = rules.get("items")
        return "array of strings" if isinstance(items, dict) and _type_of(items) == "string" else ""
    return types[0] if types[0] in SCALARS else ""


def _or_hint(rules: Mapping[str, Any], hint: str) -> str:
    """The property's own description, else how to fill in the field."""
    return str(rules.get("description") or hint)


def _text(rules: Mapping[str, Any], required: bool) -> forms.Field:
    match rules.get("format"):
        case "date":
            return IsoDateField(required=required)
        case "date-time":
            return IsoMomentField(required=required, help_text=_or_hint(rules, ""))
        case "uri" | "iri":
            return forms.CharField(required=required, widget=forms.URLInput(attrs={"placeholder": "https://"}))
        case "email" | "idn-email":
            return forms.CharField(required=required, widget=forms.EmailInput())
    lengths = {"min_length": _whole(rules, "minLength"), "max_length": _whole(rules, "maxLength")}
    is_long = (lengths["max_length"] or 0) > LONG_TEXT or (lengths["min_length"] or 0) > LONG_TEXT // 2
    is_long = is_long or "contentMediaType" in rules
    return ProseField(required=required, rows=6 if is_long else 0, **lengths)


def _whole(rules: Mapping[str, Any], keyword: str) -> int | None:
    value = rules.get(keyword)
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _number(make: type[forms.IntegerField]) -> Callable[[Mapping[str, Any], bool], forms.Field]:
    def field(rules: Mapping[str, Any], required: bool) -> forms.Field:
        return make(required=required, min_value=rules.get("minimum"), max_value=rules.get("maximum"))

    return field


def _lines(rules: Mapping[str, Any], required: bool) -> forms.Field:
    if isinstance(rules["items"].get("enum"), list):
        return ChoicesOfField(values=rules["items"]["enum"], required=required)
    return LinesField(required=required, help_text=_or_hint(rules, "One a line."))


_MAKERS: dict[str, Callable[[Mapping[str, Any], bool], forms.Field]] = {
    "string": _text,
    "integer": _number(forms.IntegerField),
    "number": _number(forms.FloatField),
    "boolean": lambda rules, required: forms.BooleanField(required=False),
    "array of strings": _lines,
}
