"""What Django does not offer of PostgreSQL and its driver."""

from datetime import datetime
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.postgresql.base import ServerBindingCursor


def database_now() -> datetime:
    """What PostgreSQL's clock says now: under a lock, after the wait for it, however long ago the transaction began."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        [moment] = cursor.fetchone()
    return cast("datetime", moment)


def prepared_cursor() -> Any:
    """A cursor whose statements PostgreSQL parses and plans once a connection, for the few that run all the time.

    Django's own wrappers are around it as around any other. Needs `prepare_threshold` in the database's OPTIONS.
    """
    # Asked for once: the proxy looks it up for each attribute.
    default = connections[DEFAULT_DB_ALIAS]
    default.ensure_connection()
    cursor: Any = ServerBindingCursor(default.connection)  # type: ignore[call-arg]
    return default._prepare_cursor(cursor)  # type: ignore[attr-defined]
