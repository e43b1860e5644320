"""The form of a JSON Schema: which control, and what is made of what people type."""

import json
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError

from jobs.forms import LinesField
from jobs.models import JobTemplate
from jobs.readable import facts
from jobs.schema_forms import JsonField, JsonObjectField, SchemaForm
from marketplace.errors import FieldError
from marketplace.json_limits import MAX_DEPTH, MAX_LENGTH
from marketplace.money import MAX_AMOUNT
from marketplace.pages.templatetags.market import pretty_json


def form_of(rules: dict[str, Any], *typed: str, required: bool = True) -> SchemaForm:
    """The form of a schema with one property; with something typed, a filled one."""
    schema = {"type": "object", "properties": {"it": rules}, "required": ["it"] if required else []}
    return SchemaForm(schema, {"field-0": list(typed) if len(typed) > 1 else typed[0]} if typed else None)


@pytest.mark.parametrize(
    ("rules", "widget", "typed", "value"),
    [
        ({"type": "string"}, forms.TextInput, "iron", "iron"),
        ({"type": "string", "maxLength": 5000}, forms.Textarea, "iron\r\nsteel", "iron\nsteel"),
        ({"type": "string", "format": "email"}, forms.EmailInput, "a@b.example", "a@b.example"),
        ({"type": "string", "format": "uri"}, forms.URLInput, "https://b.example", "https://b.example"),
        ({"type": "string", "format": "date"}, forms.DateInput, "2030-02-01", "2030-02-01"),
        ({"type": "string", "format": "date-time"}, forms.DateTimeInput, "2030-02-01T10:30", "2030-02-01T10:30:00Z"),
        ({"type": "integer", "minimum": 1}, forms.NumberInput, "7", 7),
        ({"type": "number"}, forms.NumberInput, "0.5", 0.5),
        ({"type": "boolean"}, forms.CheckboxInput, "on", True),
        ({"type": ["string", "null"]}, forms.TextInput, "iron", "iron"),
        ({"enum": ["a", "b"]}, forms.Select, '"b"', "b"),
        ({"enum": [1, 2, None]}, forms.Select, "2", 2),
        ({"const": "yes"}, forms.Select, '"yes"', "yes"),
        ({"type": "array", "items": {"type": "string"}}, forms.Textarea, "one\r\n\r\n two ", ["one", "two"]),
        ({"type": "array", "items": {"type": "integer"}}, forms.Textarea, "[1, 2]", [1, 2]),
        ({"type": "object"}, forms.Textarea, '{"a": [true, null]}', {"a": [True, None]}),
        ({"$ref": "#/$defs/it"}, forms.Textarea, '"text"', "text"),
        (True, forms.Textarea, "12", 12),
    ],
)
def test_each_kind_of_property_has_its_control(
    rules: Any, widget: type[forms.Widget], typed: str, value: object
) -> None:
    form = form_of(rules, typed)

    assert isinstance(form.fields["field-0"].widget, widget)
    assert form.is_valid(), form.errors
    assert form.value() == {"it": value}


def test_several_of_an_enum_are_ticked() -> None:
    form = form_of({"type": "array", "items": {"type": "string", "enum": ["a", "b", "c"]}}, '"a"', '"c"')

    assert form.is_valid(), form.errors
    assert form.value() == {"it": ["a", "c"]}


@pytest.mark.parametrize("rules", [{"type": "string"}, {"type": "integer"}, {"enum": ["a"]}, {"type": "object"}])
def test_what_is_left_empty_is_left_out_unless_it_is_required(rules: dict[str, Any]) -> None:
    optional = form_of(rules, "", required=False)
    assert optional.is_valid(), optional.errors
    assert optional.value() == {}
    assert not form_of(rules, "", required=True).is_valid()


def test_required_properties_come_first_and_have_readable_names() -> None:
    schema = {
        "properties": {"b": {}, "targetLanguage": {"title": ""}, "a_note": {"title": "Note"}},
        "required": ["a_note"],
    }

    form = SchemaForm(schema)

    assert [field.label for field in form.fields.values()] == ["Note", "B", "Target language"]


@pytest.mark.parametrize("schema", [{}, {"type": "array"}, {"anyOf": []}, {"properties": {}, "required": ["a"]}])
def test_a_schema_that_no_fields_can_fill_is_written_as_json(schema: dict[str, Any]) -> None:
    form = SchemaForm(schema, {"json": '{"a": 1}'})

    assert isinstance(form.fields["json"], JsonObjectField)
    assert form.is_valid(), form.errors
    assert form.value() == {"a": 1}


def test_errors_of_the_schema_find_their_fields() -> None:
    schema = {"properties": {"a": {"type": "string"}, "a.b": {"type": "string"}, "list": {"type": "array"}}}
    form = SchemaForm(schema, {})
    form.is_valid()

    others = form.show(
        [
            FieldError("inputData.a", "too short"),
            FieldError("inputData.list.3.name", "is missing"),
            FieldError("inputData", "is odd"),
            FieldError("budget", "too small"),
        ],
        "inputData",
    )

    assert form["field-0"].errors == ["too short"]
    assert form["field-2"].errors == ["3.name: is missing"]
    assert form.non_field_errors() == ["is odd"]
    assert [error.field for error in others] == ["budget"]


def test_data_is_told_in_the_words_of_its_schema() -> None:
    schema = {"properties": {"ok": {"title": "Fine?"}, "items": {}, "deep": {}}, "required": ["items"]}

    told = facts({"deep": {"a": 1}, "ok": True, "items": ["x", "y"], "extra": 3}, schema)

    assert [fact.label for fact in told] == ["Items", "Fine?", "Deep", "Extra"]
    items, fine, deep, extra = [fact.shape for fact in told]
    assert [item.text for item in items.items] == ["x", "y"]
    assert (fine.text, deep.facts[0].label, deep.facts[0].shape.text, extra.text) == ("Yes", "A", "1", "3")


def test_values_that_are_kept_are_shown_for_changing() -> None:
    assert JsonField().prepare_value({"a": 1}) == '{\n  "a": 1\n}'
    assert LinesField().prepare_value(["one", "two"]) == "one\ntwo"


def nested(depth: int) -> str:
    """Lists in lists, as text."""
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (nested(MAX_DEPTH), None),
        (f'"{"x" * (MAX_LENGTH - 2)}"', None),
        (r'"\\u0000 as people write it"', r"\u0000 as people write it"),
    ],
    ids=["deep", "long", "escaped backslash"],
)
def test_json_up_to_the_limits_of_the_api_is_taken(written: str, value: Any) -> None:
    assert JsonField().clean(written) == (json.loads(written) if value is None else value)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (nested(MAX_DEPTH + 1), "nested deeper than 32 levels"),
        (nested(500), "nested deeper than 32 levels"),
        (nested(100_000), "nested too deep"),
        (f'"{"x" * (MAX_LENGTH - 1)}"', "longer than 262144 bytes"),
        (r'"\u0000"', "NUL characters"),
        (r'{"\u0000": 1}', "NUL character"),
        (r'["\ud800"]', "half a surrogate pair"),
    ],
    ids=["deep", "deeper", "deepest", "long", "NUL", "NUL in a key", "half a pair"],
)
def test_json_that_the_api_refuses_is_refused_in_a_form(written: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        JsonField().clean(written)


def test_the_limits_are_those_of_all_the_fields_together() -> None:
    form = form_of({"type": "object"}, '{"a":' * MAX_DEPTH + "1" + "}" * MAX_DEPTH)

    assert not form.is_valid()
    assert "nested deeper than 32 levels" in form.non_field_errors()[0]


def test_data_too_deep_to_be_written_is_shown_as_a_sentence() -> None:
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]

    assert pretty_json(deep) == JsonField().prepare_value(deep) == "This data is nested too deep to be shown."
    assert pretty_json({"a": 1}) == '{\n  "a": 1\n}'


@pytest.mark.parametrize("typed", ["0001-01-01T00:00+12:00", "9999-12-31T23:59-12:00"])
def test_a_moment_outside_the_calendar_in_utc_is_refused_beside_its_field(typed: str) -> None:
    form = form_of({"type": "string", "format": "date-time"}, typed)

    assert form["field-0"].errors == ["Must lie in the years 1 to 9999 in UTC."]


def test_a_moment_is_kept_in_utc() -> None:
    form = form_of({"type": "string", "format": "date-time"}, "2030-02-01T10:30+02:00")

    assert form.is_valid(), form.errors
    assert form.value() == {"it": "2030-02-01T08:30:00Z"}


@pytest.mark.parametrize("default", ["text", 5, None, {"a": 1}, [1, None, {"a": 1}], ["one"]])
@pytest.mark.parametrize("items", [{"type": "string"}, {"type": "string", "enum": ["one"]}])
def test_any_default_of_a_list_can_be_shown(items: dict[str, Any], default: Any) -> None:
    assert "field-0" in form_of({"type": "array", "items": items, "default": default}).as_p()


@pytest.mark.parametrize("default", [[], {}, "a", 5])
def test_any_default_of_a_choice_can_be_shown(default: Any) -> None:
    assert "field-0" in form_of({"enum": ["a"], "default": default}).as_p()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("input_schema", True),
        ("input_schema", []),
        ("output_schema", False),
        ("output_schema", None),
        ("slug", "plain"),
        ("suggested_budget", -1),
        ("suggested_budget", MAX_AMOUNT + 1),
    ],
)
def test_a_template_that_no_job_can_be_posted_from_is_refused(field: str, value: Any) -> None:
    whole = {"slug": "essay", "name": "Essay", "suggested_budget": MAX_AMOUNT}
    JobTemplate(**whole).clean()

    with pytest.raises(ValidationError) as refusal:
        JobTemplate(**{**whole, field: value}).clean()
    assert list(refusal.value.message_dict) == [field]
