import pytest

from jobs.models import JobTemplate

INPUT_SCHEMA = {
    "type": "object",
    "properties": {
        "topic": {"type": "string", "title": "Topic", "pattern": "^[A-Z]"},
        "points": {"type": "array", "title": "Points", "items": {"type": "string", "maxLength": 10}},
        "words": {"type": "integer", "title": "Words"},
    },
    "required": ["topic", "points"],
}


@pytest.fixture
def template(db: None) -> JobTemplate:
    return JobTemplate.objects.create(slug="essay", name="Essay", vertical="writing", input_schema=INPUT_SCHEMA)
