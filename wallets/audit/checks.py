"""The promises of the books: one list for the command, the nightly task, the tests and the pages.

An app registers its checks when it is ready, so those of the apps above run here and nothing is imported upwards.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from django.db import connection, transaction

MOST_SHOWN = 20


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: the promise that is broken, and the row that breaks it."""

    check: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.check}: {self.subject}: {self.detail}"


@dataclass(frozen=True)
class Outcome:
    """What a check found: how many things are wrong, and the first of them."""

    check: str
    count: int
    findings: list[Finding]

    @classmethod
    def of(cls, check: str, findings: Iterable[Finding]) -> "Outcome":
        """Keeps the first findings and counts the rest."""
        remaining = iter(findings)
        first = list(islice(remaining, MOST_SHOWN))
        return cls(check, len(first) + sum(1 for _ in remaining), first)

    @property
    def unshown(self) -> int:
        """How many more there are."""
        return self.count - len(self.findings)


class Promise(Protocol):
    """Something that must be true of the books, and knows how to look whether it is."""

    @property
    def name(self) -> str: ...

    def look(self) -> Outcome: ...


@dataclass(frozen=True)
class Check:
    """A promise in SQL that finds the rows which break it: a subject, then the figures that go into `words`.

    PostgreSQL sorts and counts, on disk if need be, and hands out the first rows: memory does not grow with the books.
    """

    name: str
    words: str
    sql: str

    def look(self) -> Outcome:
        """The rows that break the promise, as of one moment."""
        with snapshot() as cursor:
            # The SQL is the program's own.
            cursor.execute(f"SELECT count(*) OVER (), broken.* FROM ({self.sql}) broken LIMIT {MOST_SHOWN}")  # noqa: S608
            rows = cursor.fetchall()
        findings = [Finding(self.name, subject, self.words.format(*figures)) for _, subject, *figures in rows]
        return Outcome(self.name, rows[0][0] if rows else 0, findings)


_registered: dict[str, Promise] = {}


def register(*promises: Promise) -> None:
    """Adds promises to the list. Raises ValueError for a name that another promise has."""
    for promise in promises:
        if _registered.setdefault(promise.name, promise) is not promise:
            raise ValueError(f"Two checks are named “{promise.name}”; give one another name.")


def registered() -> list[Promise]:
    """All promises, in the order in which they were registered."""
    return list(_registered.values())


@contextmanager
def snapshot() -> Iterator[Any]:
    """A cursor whose statements all see the books as of the first: money that moves meanwhile is no finding.

    Inside a transaction that has begun already, what the caller has done so far is seen too.
    """
    begins = not connection.in_atomic_block
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        if begins:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield cursor
