"""What somebody with the owner's rights could do to the tables, taken back afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from wallets.audit.checks import registered

TABLES = [
    "wallets_account",
    "wallets_transfer",
    "wallets_entry",
    "wallets_deposit",
    "wallets_withdrawal",
    "jobs_job",
    "audit_seal",
    "audit_auditreport",
]


@contextmanager
def tampered(*statements: str) -> Iterator[None]:
    """The statements have been run with every trigger off, until the block ends."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        yield
        transaction.set_rollback(True)


def broken() -> dict[str, list[str]]:
    """The promises that are broken, each with the rows that break it."""
    outcomes = [promise.look() for promise in registered()]
    return {outcome.check: [found.subject for found in outcome.findings] for outcome in outcomes if outcome.count}
