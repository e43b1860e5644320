"""Times as the wire writes them: ISO 8601 in UTC, to the millisecond, ending in Z."""

from datetime import UTC, datetime


def format_timestamp(moment: datetime) -> str:
    """Text such as "2026-01-31T12:00:00.000Z"."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
