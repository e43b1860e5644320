"""What Django does not offer of PostgreSQL's driver."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql.base import ServerBindingCursor


def prepared_cursor() -> Any:
    """A cursor whose statements PostgreSQL parses and plans once a connection, for the few that run all the time.

    Django's own wrappers are around it as around any other. Needs `prepare_threshold` in the database's OPTIONS.
    """
    # Asked for once: the proxy looks it up for each attribute.
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    cursor: Any = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
    return connection._prepare_cursor(cursor)  # type: ignore[attr-defined]
