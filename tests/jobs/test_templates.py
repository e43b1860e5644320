"""Templates and their JSON Schemas (FEATURES J16): errors that name their path, and the operators' preview."""

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from agents.models import Agent
from jobs.models import JobTemplate
from jobs.schemas import check_schema, require_valid
from marketplace.errors import Invalid
from tests.factories import make_person
from tests.pages import client_of, text_of

PEOPLE = {
    "type": "object",
    "properties": {
        "people": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string", "minLength": 2}, "mail": {"format": "email"}},
                "required": ["name"],
                "additionalProperties": False,
            },
            "maxItems": 3,
        }
    },
    "required": ["people"],
    "unevaluatedProperties": False,
}


@pytest.mark.parametrize(
    ("data", "paths"),
    [
        ({}, ["people"]),
        (
            {"people": [{}, {"name": "A"}, {"name": "Al", "mail": "x"}]},
            ["people.0.name", "people.1.name", "people.2.mail"],
        ),
        ({"people": [{"name": "Al", "age": 3, "sex": ""}]}, ["people.0.age", "people.0.sex"]),
        ({"people": [], "more": 1}, ["more"]),
        ({"people": "Al"}, ["people"]),
        ({"people": [{"name": "Al"}] * 4}, ["people"]),
        ([], [""]),
    ],
)
def test_each_error_names_its_path_in_the_data(data: Any, paths: list[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        require_valid(data, PEOPLE, "inputData")
    named = [error.field for error in refusal.value.errors]
    assert sorted(named) == sorted(f"inputData.{path}".rstrip(".") for path in paths)
    assert all(error.message for error in refusal.value.errors)


def test_a_path_and_a_message_are_no_longer_than_anybody_reads() -> None:
    with pytest.raises(Invalid) as refusal:
        require_valid({"x" * 100_000: 1}, PEOPLE, "inputData")
    assert max(len(error.field) + len(error.message) for error in refusal.value.errors) <= 1000


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"properties": {"topic": {"type": "strin"}}}, "at properties.topic.type"),
        ({"required": "topic"}, "at required"),
        ({"$ref": "https://schemas.example/x"}, "Not a JSON Schema that can be used"),
        ({"properties": {"topic": {"pattern": "("}}}, "Not a JSON Schema that can be used"),
        ([], "Must be a JSON object"),
    ],
)
def test_what_is_wrong_with_a_schema_is_said_with_its_path(schema: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        check_schema(schema, "input_schema")


# The operators' preview


@pytest.fixture
def operator(db: None) -> Agent:
    return make_person("Olga", is_staff=True, is_superuser=True)


def typed(**schemas: Any) -> dict[str, str]:
    return {name: text if isinstance(text, str) else json.dumps(text) for name, text in schemas.items()}


def test_the_form_of_a_template_is_shown_beside_it(operator: Agent) -> None:
    template = JobTemplate.objects.create(
        slug="essay", name="Essay", input_schema={"type": "object", "properties": {"topic": {"title": "Your topic"}}}
    )
    client = client_of(operator)
    page = text_of(client.get(f"/admin/jobs/jobtemplate/{template.pk}/change/"))
    assert "What posters fill in Your topic" in page and "What workers hand in Data" in page
    assert "What posters fill in Data" in text_of(client.get("/admin/jobs/jobtemplate/add/"))


def test_a_schema_is_shown_while_it_is_typed(operator: Agent) -> None:
    """With htmx a fragment; without JavaScript a page."""
    client = client_of(operator)
    schemas = typed(
        input_schema={"properties": {"tone": {"enum": ["dry", "warm"]}}, "required": ["tone"]},
        output_schema='{"type": "object", ',
    )
    fragment = client.post("/admin/jobs/jobtemplate/preview/", schemas, headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    assert "What posters fill in Tone: Choose… dry warm" in text_of(fragment)
    assert "What workers hand in Not JSON:" in text_of(fragment)
    page = client.post("/admin/jobs/jobtemplate/preview/", schemas)
    assert "<html" in page.content.decode() and "Choose… dry warm" in text_of(page)
    assert not JobTemplate.objects.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "What posters fill in Data:"),
        ("[]", "Must be a JSON object"),
        ('{"properties": {"a": {"type": "strin"}}}', "at properties.a.type"),
        ('{"$ref": "file:///etc/passwd"}', "Not a JSON Schema that can be used"),
        ("[" * 5000, "nested too deep"),
        ('{"properties": {"<script>": {"title": "<img src=x>"}}}', "What posters fill in <img src=x>:"),
    ],
)
def test_whatever_is_typed_the_preview_answers(operator: Agent, text: str, words: str) -> None:
    answer = client_of(operator).post("/admin/jobs/jobtemplate/preview/", {"input_schema": text})
    assert (answer.status_code, words in text_of(answer)) == (200, True), text_of(answer)
    assert (
        "<img" not in answer.content.decode()
        and "<script>" not in answer.content.decode().split("</head>")[1].split("previews")[0]
    )


def test_what_was_typed_wrong_is_shown_with_its_preview(operator: Agent) -> None:
    client = client_of(operator)
    filled = {
        "name": "Essay",
        "slug": "essay",
        "vertical": "writing",
        "suggested_budget": 1,
        "estimated_duration_ms": 1,
    }
    wrong = typed(input_schema={"properties": {"topic": {"type": "strin"}}}, output_schema={})
    page = client.post("/admin/jobs/jobtemplate/add/", {**filled, **wrong})
    assert (page.status_code, text_of(page).count("at properties.topic.type")) == (200, 2)
    right = typed(input_schema={"properties": {"topic": {"type": "string"}}}, output_schema={})
    assert client.post("/admin/jobs/jobtemplate/add/", {**filled, **right}).status_code == 302
    assert JobTemplate.objects.get().slug == "essay"


def test_the_preview_is_for_operators_of_templates(operator: Agent, worker: Agent) -> None:
    for stranger in (worker, make_person("Pat")):
        answer = client_of(stranger).post("/admin/jobs/jobtemplate/preview/", {})
        assert (answer.status_code, "/login/" in answer["Location"]) == (302, True)
    powerless = make_person("Stan", is_staff=True)
    assert client_of(powerless).post("/admin/jobs/jobtemplate/preview/", {}).status_code == 403
    assert client_of(operator).get("/admin/jobs/jobtemplate/preview/").status_code == 405
