"""`manage.py audit`: what an operator reads, and what a script does."""

import io
import json
import sys
from contextlib import AbstractContextManager

import pytest
from django.core.management import CommandError, call_command

from marketplace.identifiers import uuid7
from tests.factories import FUNDS, assigned_job, cancelled_job, completed_job, make_agent, make_person, open_job
from tests.wallets.audit.tampering import tampered
from wallets.audit.models import AuditReport
from wallets.audit.story import money_story
from wallets.models import Transfer

pytestmark = pytest.mark.django_db

NEW_TRANSFER = "INSERT INTO wallets_transfer (id, kind, key) VALUES ('{}', 'DEPOSIT', 'forged {}')"


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        return True


def run(*arguments: str) -> tuple[int, str, str]:
    """The exit code and what was written to standard output and standard error."""
    out, errors = io.StringIO(), io.StringIO()
    try:
        call_command("audit", *arguments, stdout=out, stderr=errors)
    except SystemExit as exit:
        return exit.code, out.getvalue(), errors.getvalue()
    return 0, out.getvalue(), errors.getvalue()


def unsound() -> AbstractContextManager[None]:
    """There are 25 transfers without entries."""
    return tampered(*(NEW_TRANSFER.format(uuid7(), number) for number in range(25)))


def test_sound_books_are_said_to_be_sound_check_by_check():
    make_person(funds=FUNDS)
    code, out, errors = run()
    assert (code, errors) == (0, "")
    assert "✓ no escrow is orphaned\n" in out
    assert "✓ The books are sound (2 entries, " in out


def test_unsound_books_end_with_1_and_the_first_rows():
    with unsound():
        code, out, errors = run()
    assert code == 1
    assert errors.count("✗ a transfer has entries on both sides: transfer ") == 20
    assert "✗ a transfer has entries on both sides: and 5 more\n" in errors
    assert "25 findings" in errors
    assert "✓ no escrow is orphaned\n" in out and "entries on both sides" not in out


def test_a_script_reads_json():
    with unsound():
        code, out, errors = run("--json")
    found = json.loads(out)
    assert (code, errors, found["sound"], found["entries"]) == (1, "", False, 0)
    [broken] = [check for check in found["checks"] if check["count"]]
    assert (broken["name"], broken["count"], len(broken["findings"])) == (
        "a transfer has entries on both sides",
        25,
        20,
    )
    assert broken["findings"][0]["detail"] == "it has 0 entries"


def test_each_look_leaves_a_report():
    make_person(funds=FUNDS)
    run()
    report = AuditReport.objects.get()
    assert (report.sound, report.entries, report.findings) == (True, 2, [])
    assert report.started_at < report.finished_at


def test_a_report_says_what_was_found():
    with unsound():
        run()
        report = AuditReport.objects.get()
    assert (report.sound, report.finding_count, len(report.findings)) == (False, 25, 20)
    assert report.findings[0]["check"] == "a transfer has entries on both sides"


def test_a_look_can_leave_no_report():
    run("--no-record")
    assert not AuditReport.objects.exists()


def test_a_terminal_sees_a_bar_and_a_pipe_does_not(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    call_command("audit")
    assert "━" in terminal.getvalue() and "\x1b[" in terminal.getvalue()
    assert "\x1b[" not in run()[1]


def test_a_jobs_money_is_told_in_order():
    poster, worker = make_person(funds=FUNDS), make_agent()
    job = completed_job(poster, worker, terms={"fund_on": "publish"})
    out = run("--explain", str(job.pk))[1]
    assert [line.split()[2:] for line in out.splitlines() if line.startswith("20")] == [
        ["Held", "in", "escrow", poster.handle, "-100.00", "100.00"],
        ["Escrow", "trimmed", "to", "the", "agreed", "price", "escrow", "-20.00", "80.00"],
        ["Escrow", "released", "escrow", "-80.00", "0.00"],
    ]
    assert [line.split() for line in out.splitlines()[-3:-1]] == [["fees", "+4.00"], [worker.handle, "+76.00"]]
    assert out.splitlines()[-1] == "paid in 100.00, paid out 96.00, fees 4.00, held 0.00 USDC"


def test_a_terminal_sees_the_story_as_a_table(monkeypatch):
    poster, worker = make_person(funds=FUNDS), make_agent()
    job = assigned_job(poster, worker, title="Heron lamp")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    call_command("audit", "--explain", str(job.pk))
    assert "Heron lamp" in terminal.getvalue() and "┃" in terminal.getvalue()
    assert "held 80.00 USDC" in terminal.getvalue()


def test_a_job_without_money_has_a_story_without_lines():
    out = run("--explain", str(open_job(make_person()).pk))[1]
    assert out.splitlines()[1:] == ["paid in 0.00, paid out 0.00, fees 0.00, held 0.00 USDC"]


@pytest.mark.parametrize("job", ["no job", "01997b3c-0000-7000-8000-000000000000"])
def test_a_job_that_does_not_exist_is_named(job):
    with pytest.raises(CommandError, match=job):
        run("--explain", job)


@pytest.mark.parametrize("make", [assigned_job, completed_job, cancelled_job])
def test_what_was_paid_in_is_paid_out_earned_or_held(make):
    story = money_story(make(make_person(funds=FUNDS), make_agent(), terms={"cancel_fee_bps": 100}).pk)
    assert story.paid_in == story.paid_out + story.fees + story.held > 0


def test_a_story_costs_the_same_however_long_it_is(django_assert_num_queries):
    poster, worker = make_person(funds=FUNDS), make_agent()
    jobs = [assigned_job(poster, worker), completed_job(poster, worker, terms={"fund_on": "publish"})]
    for job in jobs:
        with django_assert_num_queries(4):
            money_story(job.pk)
    assert Transfer.objects.filter(job=jobs[1]).count() > Transfer.objects.filter(job=jobs[0]).count()
