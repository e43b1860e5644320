"""Every kind of corruption is found, and named by the promise that it breaks (SURVIVE L6)."""

from threading import Event

import pytest
from django.db import connection

from tests.factories import FUNDS, assigned_job, completed_job, make_agent, make_person, open_job
from tests.racing import race
from tests.wallets.audit.tampering import broken, tampered
from wallets import services
from wallets.audit import checks
from wallets.audit.checks import MOST_SHOWN, Check, Finding, registered
from wallets.audit.services import audit_books
from wallets.models import Entry

SUM = "entries of a transfer sum to zero"
SIDES = "a transfer has entries on both sides"
BALANCE = "a balance is the sum of its entries"
NEGATIVE = "no owned account is below zero"
AFTER = "an entry says the balance it left"
ESCROW = "escrow holds what the job's status and Terms say"
ORPHAN = "no escrow is orphaned"

NEW_TRANSFER = """
    INSERT INTO wallets_transfer (id, kind, key)
    VALUES ('00000000-0000-7000-8000-000000000000', 'DEPOSIT', 'forged')
"""
# What each person holds is taken from them and more, with entries and balances that agree.
OVERDRAWN = [
    "ALTER TABLE wallets_account DROP CONSTRAINT account_balance_not_negative",
    NEW_TRANSFER,
    """
    INSERT INTO wallets_entry (transfer_id, account_id, amount, balance_after)
    SELECT '00000000-0000-7000-8000-000000000000', id, -balance - 5, -5 FROM wallets_account WHERE kind = 'AVAILABLE'
    """,
    """
    INSERT INTO wallets_entry (transfer_id, account_id, amount)
    SELECT '00000000-0000-7000-8000-000000000000', d.id, sum(a.balance + 5)
      FROM wallets_account d, wallets_account a WHERE d.kind = 'DEPOSITS' AND a.kind = 'AVAILABLE' GROUP BY d.id
    """,
    "UPDATE wallets_account SET balance = -5 WHERE kind = 'AVAILABLE'",
]
CORRUPTIONS = {
    "a balance is raised": (["UPDATE wallets_account SET balance = balance + 1 WHERE kind = 'AVAILABLE'"], {BALANCE}),
    "escrow is emptied": (["UPDATE wallets_account SET balance = 0 WHERE kind = 'ESCROW'"], {BALANCE, ESCROW}),
    "an amount from outside is changed": (
        ["UPDATE wallets_entry SET amount = amount - 1 WHERE balance_after IS NULL"],
        {SUM},
    ),
    "an amount on a wallet is changed": (
        ["UPDATE wallets_entry SET amount = amount + 1 WHERE balance_after IS NOT NULL AND amount > 0"],
        {SUM, BALANCE, AFTER},
    ),
    "a side of a transfer is removed": (["DELETE FROM wallets_entry WHERE balance_after IS NULL"], {SUM, SIDES}),
    "a transfer is invented": ([NEW_TRANSFER], {SIDES}),
    "a wallet is overdrawn in good order": (OVERDRAWN, {NEGATIVE}),
    "a balance on a line is changed": (
        ["UPDATE wallets_entry SET balance_after = balance_after + 1 WHERE amount > 0"],
        {AFTER},
    ),
    "a balance on a line is removed": (["UPDATE wallets_entry SET balance_after = NULL WHERE amount < 0"], {AFTER}),
    "a price is changed": (["UPDATE jobs_job SET price = price + 1 WHERE status = 'ASSIGNED'"], {ESCROW}),
    "a status is changed past its money": (["UPDATE jobs_job SET status = 'CANCELLED' WHERE price > 0"], {ORPHAN}),
    "escrow is opened for nothing": (
        [
            "INSERT INTO wallets_account (kind, job_id, balance)"
            " SELECT 'ESCROW', id, 0 FROM jobs_job WHERE price IS NULL",
        ],
        {ORPHAN},
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("statements", "promises"), CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_each_corruption_is_named_by_the_promises_it_breaks(statements, promises):
    poster = make_person(funds=FUNDS)
    assigned_job(poster, make_agent())
    open_job(poster)
    assert broken() == {}
    with tampered(*statements):
        assert set(broken()) == promises
    assert broken() == {}


@pytest.mark.django_db
def test_a_finding_names_the_row_and_the_figures():
    person = make_person(funds=100)
    account = person.accounts.get()
    check = next(check for check in registered() if check.name == BALANCE)
    with tampered("UPDATE wallets_account SET balance = 107 WHERE kind = 'AVAILABLE'"):
        outcome = check.look()
    detail = "its balance is 107, its entries sum to 100 micro-USDC"
    assert outcome.findings == [Finding(BALANCE, f"account {account.pk}", detail)]


@pytest.mark.django_db
def test_many_findings_are_counted_and_the_first_are_shown():
    check = Check("numbers are small", "it is {}", "SELECT 'number ' || n, n FROM generate_series(1, 1000000) n")
    outcome = check.look()
    assert (outcome.count, len(outcome.findings), outcome.unshown) == (1_000_000, MOST_SHOWN, 1_000_000 - MOST_SHOWN)


def test_two_checks_cannot_have_one_name():
    with pytest.raises(ValueError, match=SUM):
        checks.register(Check(SUM, "", ""))


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_is_of_one_moment():
    """Negative control included: outside of one, the same two reads differ."""
    person = make_person(funds=100)

    def move() -> None:
        services.deposit(agent=person, amount=1, key=f"moved {Entry.objects.count()}")

    with checks.snapshot():
        before = Entry.objects.count()
        race([move])
        assert Entry.objects.count() == before
    assert Entry.objects.count() == before + 2


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_writes_nothing():
    with pytest.raises(Exception, match="read-only"), checks.snapshot() as cursor:
        cursor.execute("CREATE TABLE x ()")


@pytest.mark.django_db(transaction=True)
def test_money_that_moves_meanwhile_is_no_finding():
    """Six movers deposit, hold and pay while the books are audited again and again."""
    enough = Event()
    poster, worker = make_person(funds=FUNDS), make_agent()

    def deal() -> int:
        deals = 0
        while not enough.is_set():
            completed_job(poster, worker, price=1_000_000)
            services.deposit(
                agent=poster, amount=1_000_000, key=f"{id(enough)}:{connection.connection.info.backend_pid}:{deals}"
            )
            deals += 1
        return deals

    def audit() -> list[Finding]:
        try:
            return [finding for _ in range(10) for finding in audit_books(record=False).findings]
        finally:
            enough.set()

    *deals, findings = race([*[deal] * 6, audit])
    assert findings == []
    assert min(deals) > 0
