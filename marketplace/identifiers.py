"""Identifiers of rows: UUIDv7, so that ids sort by the time they were made and indexes stay compact."""

from uuid import UUID

import uuid_utils.compat


def uuid7() -> UUID:
    """A new time-ordered UUID (RFC 9562, section 5.7)."""
    return uuid_utils.compat.uuid7()


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID as we write them."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
