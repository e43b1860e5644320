"""The database of the tests: copied from a template that the migrations have made, and cheaply emptied.

The template is made once for each state of the migrations, not by each worker of each run. Django still asks the copy
for what it lacks, and makes its content types, permissions and groups of operators as after every migration.
"""

import ast
import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.test import TransactionTestCase

PREFIX = "guildhall_template_"
# Of PostgreSQL's advisory locks: held by whoever looks for the template or makes it.
TEMPLATE_LOCK = 720_461
# Where what migrations wrote is kept for tests that empty the tables.
KEPT = "kept_by_tests"


def make_template() -> str:
    """The name of the database to copy. Workers that come meanwhile wait for it; those of other states go."""
    name = PREFIX + fingerprint()
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        known = {found for (found,) in cursor.fetchall()}
        if name not in known:
            for old in known:
                cursor.execute(f'DROP DATABASE "{old}" WITH (FORCE)')
            # It has its name when it is whole: a run that was interrupted leaves none that looks so.
            cursor.execute(f'CREATE DATABASE "{PREFIX}unfinished"')
            with _working_in(f"{PREFIX}unfinished"):
                call_command("migrate", verbosity=0, interactive=False)
            cursor.execute(f'ALTER DATABASE "{PREFIX}unfinished" RENAME TO "{name}"')
    return name


@contextmanager
def _working_in(name: str) -> Iterator[None]:
    own = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        # One that is still open would stand in the way of copies.
        connection.close()
        connection.close_pool()
        connection.settings_dict["NAME"] = own


def fingerprint() -> str:
    """Another one for every change of what the template is made by."""
    files = [settings.BASE_DIR / "requirements.txt", *sources()]
    lines = sorted(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def sources() -> set[Path]:
    """The files of all migrations, those of packages too, and what they import of ours."""
    migrations = MigrationLoader(None).disk_migrations.values()
    waiting = [Path(str(sys.modules[type(migration).__module__].__file__)) for migration in migrations]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += imported_by(path)
    return found


def imported_by(path: Path) -> Iterator[Path]:
    """The modules of ours that are named in the import statements of a file."""
    for statement in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            names = [statement.module, *(f"{statement.module}.{alias.name}" for alias in statement.names)]
        for name in names:
            module = settings.BASE_DIR / f"{name.replace('.', '/')}.py"
            if module.is_file():
                yield module


# Emptying


def empty_cheaply() -> None:
    """Has tests that commit leave the tables as the migrations left them, sequences aside.

    Django's way is to TRUNCATE all of them, each with all its indexes, and to make its permissions anew: that takes
    many times as long as most tests.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, has_parameter_privilege('session_replication_role', 'SET')")
        role, allowed = cursor.fetchone()
    if not allowed:
        raise pytest.UsageError(
            "The tests turn triggers off to empty the tables. As a superuser: "
            f"GRANT SET ON PARAMETER session_replication_role TO {role}"
        )
    keep_rows()
    TransactionTestCase._fixture_teardown = lambda test: empty()


def keep_rows() -> None:
    """Puts aside what the migrations wrote."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {KEPT}")
        for table in tables():
            cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")  # noqa: S608 - a name of ours
            if cursor.fetchone() == (True,):
                cursor.execute(f"CREATE TABLE {KEPT}.{table} AS TABLE {table}")


def empty() -> None:
    """Waits for whoever still writes, and leaves only what migrations wrote."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(emptying())


# Tables whose rows get their ids from a sequence.
NUMBERED = """
    SELECT table_name, pg_get_serial_sequence(quote_ident(table_name), 'id') FROM information_schema.columns
     WHERE column_name = 'id' AND table_schema = 'public' AND table_name = ANY(%s)
       AND pg_get_serial_sequence(quote_ident(table_name), 'id') IS NOT NULL
"""


@cache
def emptying() -> str:
    """The statements; with triggers off neither does the order matter nor what may never be deleted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [KEPT])
        kept = [table for (table,) in cursor.fetchall()]
        cursor.execute(NUMBERED, [kept])
        numbered = cursor.fetchall()
    statements = [
        f"LOCK TABLE {', '.join(tables())} IN SHARE ROW EXCLUSIVE MODE",
        "SET LOCAL session_replication_role = replica",
        *(f"DELETE FROM {table}" for table in tables()),  # noqa: S608
        *(f"INSERT INTO {table} SELECT * FROM {KEPT}.{table}" for table in kept),  # noqa: S608
        # A test may have begun the numbers anew; those of the rows are taken.
        *(
            f"SELECT setval('{sequence}', greatest((SELECT max(id) FROM {table}), nextval('{sequence}')))"  # noqa: S608
            for table, sequence in numbered
        ),
    ]
    return ";".join(statements)


def tables() -> list[str]:
    """Of all models; no name needs quotes."""
    return sorted(connection.introspection.django_table_names(only_existing=True, include_views=False))
