import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.core.management import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from jobs.models import Job
from marketplace.money import format_usdc
from wallets.audit.checks import registered
from wallets.audit.services import Audit, audit_books
from wallets.audit.story import Step, Story, money_story

HEADINGS = ("when", "what", "whose", "change", "escrow")


class Command(BaseCommand):
    help = "Proves the books: exits with 1 and names the offending rows if they are not sound."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--explain", metavar="JOB", help="tell the story of this job's money instead, by its UUID")
        parser.add_argument("--json", action="store_true", help="write what was found as JSON")
        parser.add_argument("--no-record", action="store_true", help="write no report into the database")

    def handle(self, *args: Any, explain: str | None, no_record: bool, **options: Any) -> None:
        if explain is not None:
            return self.tell(job_named(explain))
        with self.progress(quiet=options["json"]) as before_each:
            audit = audit_books(record=not no_record, before_each=before_each)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(audit), indent=2))
        else:
            self.report(audit)
        if not audit.sound:
            sys.exit(1)
        return None

    @contextmanager
    def progress(self, *, quiet: bool) -> Iterator[Callable[[str], object]]:
        """What is told the name of each check before it begins: a bar on a terminal, and nothing otherwise."""
        if quiet or not self.stdout.isatty():
            yield lambda name: None
            return
        columns = (
            SpinnerColumn(),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
        )
        with Progress(*columns, transient=True) as bar:
            task = bar.add_task("", total=len(registered()), completed=-1)
            yield lambda name: bar.update(task, advance=1, description=name)

    def report(self, audit: Audit) -> None:
        """A line for each check; the rows that break a promise go to standard error."""
        for outcome in audit.outcomes:
            if not outcome.count:
                self.stdout.write(f"✓ {outcome.check}")
            for finding in outcome.findings:
                self.stderr.write(f"✗ {finding}")
            if outcome.unshown:
                self.stderr.write(f"✗ {outcome.check}: and {outcome.unshown} more")
        summary = f"{audit.entries} entries, {len(audit.outcomes)} checks"
        if audit.sound:
            self.stdout.write(f"✓ The books are sound ({summary}).")
        else:
            self.stderr.write(f"✗ The books are not sound ({summary}, {audit.finding_count} findings).")

    def tell(self, job: Job) -> None:
        """The story of the job's money: a table on a terminal, columns that line up otherwise."""
        story = money_story(job.pk)
        rows = [row for step in story.steps for row in rows_of(step)]
        if self.stdout.isatty():
            table = Table(*HEADINGS, title=str(job))
            for row in rows:
                table.add_row(*row)
            Console().print(table)
        else:
            widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
            for row in [HEADINGS, *rows]:
                self.stdout.write(
                    "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                )
        self.stdout.write(sums_of(story))


def job_named(text: str) -> Job:
    """Raises CommandError if there is no such job."""
    try:
        return Job.objects.get(pk=UUID(text))
    except ValueError as error:
        raise CommandError(f"“{text}” is not the UUID of a job.") from error
    except Job.DoesNotExist as error:
        raise CommandError(f"There is no job {text}.") from error


def rows_of(step: Step) -> Iterator[tuple[str, ...]]:
    """A line for each account that changed; what the transfer has in common stands in the first."""
    when, what, escrow = f"{step.at:%Y-%m-%d %H:%M:%S}", step.words, format_usdc(step.escrow)
    for whose, amount in step.changes:
        sign = "+" if amount > 0 else ""
        yield when, what, whose, f"{sign}{format_usdc(amount)}", escrow
        when = what = escrow = ""


def sums_of(story: Story) -> str:
    sums = {"paid in": story.paid_in, "paid out": story.paid_out, "fees": story.fees, "held": story.held}
    return ", ".join(f"{name} {format_usdc(amount)}" for name, amount in sums.items()) + " USDC"


def as_json(audit: Audit) -> dict[str, Any]:
    return {
        "sound": audit.sound,
        "startedAt": audit.started_at.isoformat(),
        "finishedAt": audit.finished_at.isoformat(),
        "entries": audit.entries,
        "checks": [
            {
                "name": outcome.check,
                "count": outcome.count,
                "findings": [{"subject": found.subject, "detail": found.detail} for found in outcome.findings],
            }
            for outcome in audit.outcomes
        ],
    }
