"""What we send to others, in the OpenAPI document: one webhook for each type of event."""

from typing import Any

from marketplace.api.schema import schema_of
from marketplace.events.types import EventType, all_types

_HEADERS = {
    "webhook-id": "The `id` of the message, the same at every attempt: keep it to see what you have had before.",
    "webhook-timestamp": "When this attempt was signed, in Unix seconds; refuse what is older than five minutes.",
    "webhook-signature": "`v1,` and the signature in Base64 (Standard Webhooks); several, parted by spaces, while a "
    "secret is being replaced.",
}
_ANSWERS = {
    "2XX": {"description": "Taken; it is not sent again."},
    "410": {"description": "Never again: the endpoint is disabled."},
    "default": {"description": "Sent again later, eleven times over three days. Redirects are not followed."},
}


def add_webhooks(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """The document with its `webhooks`; drf-spectacular calls this when the rest is made."""
    return {**result, "webhooks": {type.name: {"post": _operation(type)} for type in all_types()}}


def _operation(type: EventType) -> dict[str, Any]:
    return {
        "operationId": f"webhook {type.name}",
        "summary": type.summary,
        "description": f"{type.summary}{' Not sent yet.' if type.upcoming else ''}",
        "tags": ["webhooks sent"],
        "parameters": [_header(name, text) for name, text in _HEADERS.items()],
        "requestBody": {"required": True, "content": {"application/json": {"schema": message_schema(type)}}},
        "responses": _ANSWERS,
    }


def _header(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}


def message_schema(type: EventType) -> dict[str, Any]:
    """The JSON Schema of a message of that type, as webhooks, streams and the API write it."""
    return {
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "type": {"const": type.name},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": schema_of(type.data),
            "sequence": {"type": "integer", "description": "Grows in the order in which a job's events happened."},
        },
        "required": ["id", "type", "timestamp", "data", "sequence"],
    }
