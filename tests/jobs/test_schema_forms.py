"""The form of a JSON Schema: which control, and what is made of what people type."""

from typing import Any

import pytest
from django import forms

from jobs.schema_forms import JsonField, JsonObjectField, LinesField, SchemaForm, facts
from marketplace.errors import FieldError


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
    assert (told[0].items, told[1].text, told[2].json, told[3].text) == (("x", "y"), "Yes", {"a": 1}, "3")


def test_values_that_are_kept_are_shown_for_changing() -> None:
    assert JsonField().prepare_value({"a": 1}) == '{\n  "a": 1\n}'
    assert LinesField().prepare_value(["one", "two"]) == "one\ntwo"
