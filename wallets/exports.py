"""The ledger as a table for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django.db.models import QuerySet

from marketplace.money import format_usdc
from marketplace.timestamps import format_timestamp
from wallets.models import Entry
from wallets.queries import describe, reference

HEADINGS = ["Time (UTC)", "Type", "Description", "Job", "Amount USDC", "Balance after USDC", "Reference"]
ROWS_AT_ONCE = 500

# Spreadsheets take a cell that begins so for a formula, and run it (OWASP, CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Echo:
    """A file whose `write` hands back what it would have written."""

    def write(self, text: str) -> str:
        return text


def csv_of(entries: QuerySet[Entry]) -> Iterator[str]:
    """The lines of the file, read from the database a few at a time. It begins with the mark by which spreadsheets
    know UTF-8."""
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(HEADINGS)
    shown = entries.only(
        "amount",
        "balance_after",
        "account",
        "transfer__kind",
        "transfer__note",
        "transfer__created_at",
        "transfer__job__title",
    )
    for entry in shown.iterator(chunk_size=ROWS_AT_ONCE):
        yield writer.writerow(_cells(entry))


def _cells(entry: Entry) -> list[str]:
    """Amounts stay numbers, negative ones too; what people wrote is never a formula."""
    transfer = entry.transfer
    return [
        format_timestamp(transfer.created_at),
        transfer.kind,
        harmless(describe(entry)),
        str(transfer.job_id or ""),
        format_usdc(entry.amount),
        "" if entry.balance_after is None else format_usdc(entry.balance_after),
        reference(transfer),
    ]


def harmless(text: str) -> str:
    """The text, with a mark in front if a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
