"""Every kind of corruption is found, and named by the promise that it breaks (SURVIVE L6)."""

from threading import Event

import pytest
from django.db import connection

from agents.models import Agent
from jobs import services as jobs
from marketplace.money import MICRO
from tests.factories import FUNDS, assigned_job, completed_job, make_agent, make_person, open_job
from tests.racing import race
from tests.wallets.audit.tampering import broken, tampered
from tests.wallets.outside import ADDRESS
from wallets import services
from wallets.audit import checks
from wallets.audit.checks import MOST_SHOWN, Check, Finding, registered
from wallets.audit.services import audit_books
from wallets.models import Entry
from wallets.rails.tasks import receive_deposits

SUM = "entries of a transfer sum to zero"
SIDES = "a transfer has entries on both sides"
BALANCE = "a balance is the sum of its entries"
NEGATIVE = "no owned account is below zero"
AFTER = "an entry says the balance it left"
ESCROW = "escrow holds what the job's status and Terms say"
ORPHAN = "no escrow is orphaned"
SHAPE = "each kind of transfer moves money between the accounts that it may"
WAY = "money of a job moves once in each way, by a transfer that says so"
FUTURE = "no transfer is of the future"
LEAVING = "what is on its way out are the unsettled withdrawals"
STEPS = "a withdrawal was debited once, and confirmed or put back once when it is settled"
WITHDRAWN = "a withdrawal's transfers are of its amount and its agent"
EXPLAINED = "a movement to or from outside has its withdrawal or deposit"
CREDITED = "a confirmed deposit was credited to its agent"
PARTIES = "the money of a job moved between its payer, its worker and nobody else"
SAID = "a job says what was paid and tipped"

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
    "a wallet is overdrawn in good order": (OVERDRAWN, {NEGATIVE, SHAPE}),
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


def moved(kind: str, key: str, giver: str, taker: str) -> str:
    """SQL that moves 5 micro-USDC by the ledger's own function, between accounts named as “KIND handle”."""
    (gives, of_giver), (takes, of_taker) = (f"{side} -".split()[:2] for side in (giver, taker))
    return f"""
        SELECT ledger_post(gen_random_uuid(), '{kind}', '{key}', NULL, '', ARRAY['{gives}', '{takes}'],
            ARRAY[(SELECT id FROM agents_agent WHERE handle = '{of_giver}'),
                  (SELECT id FROM agents_agent WHERE handle = '{of_taker}')],
            ARRAY[NULL, NULL]::uuid[], ARRAY[-5, 5]::bigint[], ARRAY[0, 0]::bigint[],
            NULL, NULL, NULL, NULL, NULL, NULL)
    """  # noqa: S608  (the test's own words)


# What somebody who may write SQL could try, with a ledger that is sound in itself.
FORGERIES = {
    "a tip for no job": (moved("TIP", "gift", "AVAILABLE rich", "AVAILABLE poor"), {WAY}),
    "a withdrawal that nobody asked for": (
        moved("WITHDRAWAL_CONFIRMED", "theft", "AVAILABLE rich", "WITHDRAWALS"),
        {SHAPE, EXPLAINED},
    ),
    "a withdrawal put back to somebody else": (
        moved("WITHDRAWAL_REVERSED", "theft", "WITHDRAWING rich", "AVAILABLE poor"),
        {EXPLAINED, LEAVING},
    ),
    "a deposit that no rail saw": (moved("DEPOSIT", "deposit:embedded:x", "DEPOSITS", "AVAILABLE poor"), {EXPLAINED}),
    "fees that went to an agent": (moved("ADJUSTMENT", "adjustment:x", "FEES", "AVAILABLE poor"), {SHAPE}),
    "another worker on a job that was paid": (
        "UPDATE jobs_job SET worker_id = (SELECT id FROM agents_agent WHERE handle = 'poor') WHERE payout > 0",
        {PARTIES, SAID},
    ),
    "another payout": ("UPDATE jobs_job SET payout = payout + 1 WHERE payout > 0", {SAID}),
    "another tip": ("UPDATE jobs_job SET tip = tip + 1 WHERE payout > 0", {SAID}),
    "a withdrawal of another amount": ("UPDATE wallets_withdrawal SET amount = amount + 1", {WITHDRAWN, LEAVING}),
    "a withdrawal that says it was paid": (
        "UPDATE wallets_withdrawal SET status = 'CONFIRMED', settled_at = now()",
        {STEPS, LEAVING},
    ),
    "a deposit of somebody else": (
        "UPDATE wallets_deposit SET agent_id = (SELECT id FROM agents_agent WHERE handle = 'poor')",
        {CREDITED},
    ),
    "a transfer of the future": (
        "UPDATE wallets_transfer SET created_at = now() + interval '1 day' WHERE kind = 'ESCROW_RELEASE'",
        {FUTURE},
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("statement", "promises"), FORGERIES.values(), ids=FORGERIES)
def test_money_that_nothing_explains_is_named(statement, promises):
    rich, worker = make_person(funds=FUNDS), make_agent()
    Agent.objects.filter(pk=rich.pk).update(handle="rich")
    make_agent(handle="poor")
    services.announce_deposit(agent=rich, amount=2 * MICRO, actor=rich)
    assert receive_deposits() == 1
    jobs.tip_job(job=completed_job(rich, worker), actor=rich, amount=MICRO)
    services.request_withdrawal(agent=rich, actor=rich, amount=MICRO, address=ADDRESS, key="k")
    assert broken() == {}
    with tampered("ALTER TABLE wallets_entry ENABLE TRIGGER USER", statement):
        assert set(broken()) == promises


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
