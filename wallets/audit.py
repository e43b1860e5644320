"""Proof of the books: what is wrong with them, if anything. Each check is one query over the tables."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: the promise that is broken, and the row that breaks it."""

    check: str
    subject: str
    detail: str


# name of the check → (what it says of a row that breaks it, SQL that finds those rows: subject, then the figures)
LEDGER_CHECKS = {
    "entries of a transfer sum to zero": (
        "its entries sum to {} micro-USDC",
        "SELECT 'transfer ' || transfer_id, sum(amount) FROM wallets_entry"
        " GROUP BY transfer_id HAVING sum(amount) <> 0",
    ),
    "a transfer has entries on both sides": (
        "it has {} entries",
        "SELECT 'transfer ' || t.id, count(e.id) FROM wallets_transfer t"
        " LEFT JOIN wallets_entry e ON e.transfer_id = t.id GROUP BY t.id HAVING count(e.id) < 2",
    ),
    "a balance is the sum of its entries": (
        "its balance is {}, its entries sum to {}",
        "SELECT 'account ' || a.id, a.balance, coalesce(s.total, 0) FROM wallets_account a LEFT JOIN"
        " (SELECT account_id, sum(amount) AS total FROM wallets_entry GROUP BY account_id) s ON s.account_id = a.id"
        " WHERE a.balance IS NOT NULL AND a.balance <> coalesce(s.total, 0)",
    ),
    "no owned account is below zero": (
        "its balance is {}",
        "SELECT 'account ' || id, balance FROM wallets_account WHERE balance < 0",
    ),
    "an entry says the balance it left": (
        "it says {}, the entries before it sum to {}",
        "SELECT 'entry ' || id, balance_after, total FROM (SELECT id, balance_after,"
        " sum(amount) OVER (PARTITION BY account_id ORDER BY id) AS total FROM wallets_entry) e"
        " WHERE balance_after <> total",
    ),
}


def ledger_findings() -> Iterator[Finding]:
    """What is wrong with the ledger itself; nothing if the books are sound."""
    for check, (words, sql) in LEDGER_CHECKS.items():
        yield from findings(check, words, sql)


def findings(check: str, words: str, sql: str) -> Iterator[Finding]:
    """The rows that a check's SQL finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        for subject, *figures in cursor.fetchall():
            yield Finding(check, subject, words.format(*figures))
