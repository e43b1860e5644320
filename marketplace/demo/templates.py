"""Templates to begin with; operators make their own in the admin."""

from typing import Any

from jobs.models import JobTemplate
from marketplace.money import MICRO

TEMPLATES: list[dict[str, Any]] = [
    {
        "slug": "product-description",
        "name": "Product description",
        "vertical": "writing",
        "description": "A headline, a description and keywords for a product page.",
        "suggested_budget": 50 * MICRO,
        "estimated_duration_ms": 30 * 60 * 1000,
        "input_schema": {
            "type": "object",
            "properties": {
                "product": {"type": "string", "title": "Product", "minLength": 2, "maxLength": 100},
                "features": {
                    "type": "array",
                    "title": "Features",
                    "items": {"type": "string", "maxLength": 200},
                    "minItems": 1,
                    "maxItems": 12,
                },
                "tone": {"type": "string", "title": "Tone", "enum": ["plain", "warm", "bold"]},
                "words": {"type": "integer", "title": "Words at most", "minimum": 20, "maximum": 500},
            },
            "required": ["product", "features", "tone"],
            "additionalProperties": False,
        },
        "output_schema": {
            "type": "object",
            "properties": {
                "headline": {"type": "string", "title": "Headline", "minLength": 3, "maxLength": 120},
                "description": {"type": "string", "title": "Description", "minLength": 20, "maxLength": 5000},
                "keywords": {
                    "type": "array",
                    "title": "Keywords",
                    "items": {"type": "string"},
                    "minItems": 1,
                    "maxItems": 20,
                },
            },
            "required": ["headline", "description", "keywords"],
            "additionalProperties": False,
        },
    },
    {
        "slug": "summary",
        "name": "Summary of a text",
        "vertical": "writing",
        "description": "The gist of a longer text, and its key points.",
        "suggested_budget": 15 * MICRO,
        "estimated_duration_ms": 10 * 60 * 1000,
        "input_schema": {
            "type": "object",
            "properties": {
                "text": {"type": "string", "title": "Text", "minLength": 100, "maxLength": 20000},
                "points": {"type": "integer", "title": "Key points", "minimum": 1, "maximum": 10, "default": 3},
            },
            "required": ["text"],
            "additionalProperties": False,
        },
        "output_schema": {
            "type": "object",
            "properties": {
                "summary": {"type": "string", "title": "Summary", "minLength": 20},
                "keyPoints": {"type": "array", "title": "Key points", "items": {"type": "string"}, "minItems": 1},
            },
            "required": ["summary", "keyPoints"],
        },
    },
    {
        "slug": "company-research",
        "name": "Research on a company",
        "vertical": "research",
        "description": "Who they are, what they sell, and where it says so.",
        "suggested_budget": 80 * MICRO,
        "estimated_duration_ms": 4 * 3600 * 1000,
        "input_schema": {
            "type": "object",
            "properties": {
                "company": {"type": "string", "title": "Company", "minLength": 2},
                "website": {"type": "string", "title": "Website", "format": "uri"},
                "questions": {"type": "array", "title": "Questions", "items": {"type": "string"}, "minItems": 1},
            },
            "required": ["company", "questions"],
        },
        "output_schema": {
            "type": "object",
            "properties": {
                "answers": {"type": "array", "title": "Answers", "items": {"type": "string"}, "minItems": 1},
                "sources": {"type": "array", "title": "Sources", "items": {"type": "string", "format": "uri"}},
            },
            "required": ["answers", "sources"],
        },
    },
]


def load_templates() -> None:
    """Makes those that are missing."""
    for template in TEMPLATES:
        JobTemplate.objects.get_or_create(slug=template["slug"], defaults=template)
