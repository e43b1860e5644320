"""Moving money: double entry that PostgreSQL itself keeps (SURVIVE L6, L9)."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from marketplace.errors import Invalid
from marketplace.events.models import Event
from marketplace.money import BASIS_POINTS, MAX_AMOUNT, format_usdc, parse_usdc, share
from tests import factories
from tests.factories import make_agent, make_person
from wallets import ledger
from wallets.ledger import Leg
from wallets.models import Account, Entry, Transfer
from wallets.queries import balance, describe, entries_of, escrow_balance
from wallets.services import deposit

ADJUSTMENT = Transfer.Kind.ADJUSTMENT


@pytest.fixture
def rich(db):
    return make_person("Rich", funds=100)


@pytest.fixture
def poor(db):
    return make_person("Poor")


def give(giver, taker, amount, key="gift"):
    legs = [Leg(ledger.available(giver), -amount), Leg(ledger.available(taker), amount)]
    return ledger.post(kind=ADJUSTMENT, key=key, legs=legs)


def test_money_moves_from_one_wallet_to_another(rich, poor):
    assert give(rich, poor, 30)
    assert (balance(rich).available, balance(poor).available) == (70, 30)
    entries = Entry.objects.filter(transfer__key="gift")
    assert list(entries.values_list("amount", "balance_after")) == [(-30, 70), (30, 30)]


def test_the_same_movement_asked_for_twice_happens_once(rich, poor):
    assert give(rich, poor, 30)
    assert not give(rich, poor, 30)
    assert balance(poor).available == 30


def test_a_key_cannot_stand_for_another_movement(rich, poor):
    give(rich, poor, 30)
    for giver, taker in ((poor, rich), (rich, make_person("Third"))):
        with pytest.raises(ledger.KeyReused), transaction.atomic():
            give(giver, taker, 30)
    with pytest.raises(ledger.KeyReused), transaction.atomic():
        ledger.post(
            kind=Transfer.Kind.ESCROW_HOLD,
            key="gift",
            legs=[Leg(ledger.available(rich), -30), Leg(ledger.available(poor), 30)],
        )
    with pytest.raises(ledger.KeyReused), transaction.atomic():
        give(rich, poor, 31)
    assert balance(poor).available == 30


def test_a_wallet_cannot_give_more_than_it_holds(rich, poor):
    with pytest.raises(ledger.InsufficientFunds) as refusal, transaction.atomic():
        give(rich, poor, 101)
    assert (refusal.value.status, refusal.value.extra) == (402, {"available": "0.0001"})
    assert (balance(rich).available, balance(poor).available) == (100, 0)
    assert not Transfer.objects.filter(key="gift").exists()


def test_system_accounts_carry_no_balance(rich):
    assert set(Account.objects.filter(owner=None).values_list("kind", "balance")) == {("DEPOSITS", None)}


def test_legs_that_do_not_sum_to_zero_are_refused(rich, poor):
    """L6"""
    with pytest.raises(IntegrityError, match="does not balance"), transaction.atomic():
        ledger.post(
            kind=ADJUSTMENT, key="lost", legs=[Leg(ledger.available(rich), -50), Leg(ledger.available(poor), 49)]
        )


@pytest.mark.django_db(transaction=True)
def test_raw_entries_that_do_not_balance_are_refused_by_the_commit_itself():
    """L6: not by a check that somebody has to ask for."""
    wallet = Account.objects.get(owner=make_person(funds=100))
    with pytest.raises(IntegrityError, match="does not balance"), transaction.atomic():
        transfer = Transfer.objects.create(kind=ADJUSTMENT, key="forged")
        Entry.objects.create(transfer=transfer, account=wallet, amount=1_000)
    assert not Transfer.objects.filter(key="forged").exists()
    wallet.refresh_from_db()
    assert wallet.balance == 100


FORGERIES = [
    ("UPDATE wallets_entry SET amount = amount * 2", "Cannot update or delete"),
    ("UPDATE wallets_entry SET balance_after = 0", "Cannot update or delete"),
    ("DELETE FROM wallets_entry", "Cannot update or delete"),
    ("UPDATE wallets_transfer SET key = 'other'", "Cannot update or delete"),
    ("UPDATE wallets_transfer SET created_at = now()", "Cannot update or delete"),
    ("DELETE FROM wallets_transfer", "Cannot update or delete"),
    ("UPDATE wallets_account SET balance = 1000000 WHERE kind = 'AVAILABLE'", "moved by entries only"),
    ("UPDATE wallets_account SET balance = 0", "moved by entries only"),
    ("UPDATE wallets_account SET kind = 'ESCROW'", "Cannot update"),
    ("UPDATE wallets_account SET owner_id = NULL", "Cannot update"),
    ("DELETE FROM wallets_account", "Cannot delete"),
    (
        "INSERT INTO wallets_account (kind, owner_id, balance) SELECT 'AVAILABLE', id, 5 FROM agents_agent LIMIT 1",
        "opened empty",
    ),
    ("INSERT INTO wallets_account (kind) VALUES ('OTHER')", "owned as its kind says"),
    ("INSERT INTO wallets_account (kind, balance) VALUES ('FEES', 0)", "owned as its kind says"),
    ("INSERT INTO wallets_account (kind, balance) VALUES ('AVAILABLE', 0)", "owned as its kind says"),
    (
        "INSERT INTO wallets_entry (transfer_id, account_id, amount) SELECT t.id, a.id, 0"
        " FROM wallets_transfer t, wallets_account a LIMIT 1",
        "entry_amount_not_zero",
    ),
    (
        "INSERT INTO wallets_entry (transfer_id, account_id, amount) SELECT t.id, a.id, -1 - a.balance"
        " FROM wallets_transfer t, wallets_account a WHERE a.kind = 'AVAILABLE' LIMIT 1",
        "holds .* and cannot give",
    ),
]


@pytest.mark.parametrize(("sql", "refusal"), FORGERIES)
def test_the_database_refuses_to_have_its_books_cooked(rich, sql, refusal):
    """L6: raw SQL with the rights of the application."""
    with pytest.raises(DatabaseError, match=refusal), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert balance(rich).available == 100


def test_held_money_cannot_be_taken_past_what_is_held(poor):
    """L6: an escrow that was released gives nothing more."""
    poster = make_person(funds=factories.FUNDS)
    job = factories.completed_job(poster, make_agent())
    assert escrow_balance(job) == 0
    with pytest.raises(ledger.InsufficientFunds), transaction.atomic():
        ledger.post(
            kind=Transfer.Kind.ESCROW_RELEASE,
            key="again",
            job=job,
            legs=[Leg(ledger.escrow(job), -1), Leg(ledger.available(poor), 1)],
        )


@pytest.mark.parametrize("amount", [0, -1, -(2**63)])
def test_a_deposit_is_a_positive_amount(poor, amount):
    """L9"""
    with pytest.raises(Invalid), transaction.atomic():
        deposit(agent=poor, amount=amount, key="nothing")
    assert not Transfer.objects.exists()
    assert not Event.objects.filter(type="wallet.deposited").exists()


@pytest.mark.parametrize("amount", [MAX_AMOUNT + 1, 2**63 - 1, 2**63, 10**30])
def test_a_balance_that_would_not_fit_is_refused(rich, amount):
    """L9"""
    with pytest.raises(Invalid), transaction.atomic():
        deposit(agent=rich, amount=amount, key="too much")
    assert balance(rich).available == 100


ACCEPTED_AMOUNTS = [
    ("50.00", 50_000_000),
    ("50", 50_000_000),
    (50, 50_000_000),
    (0.1, 100_000),
    ("0.000001", 1),
    (1e-06, 1),
    ("1.10000000", 1_100_000),
    ("000001", 1_000_000),
    ("1000000000", MAX_AMOUNT),
]
REFUSED_AMOUNTS: list[object] = [
    *(0, "0", "0.00", -1, "-1", "-0.5", "+1"),
    *(2**53 + 1, 2**63 - 1, 2**63, 1e300, "1000000000.000001", "9" * 10_000, 10**10_000),
    *("0.0000001", 1e-07, "1.1234567", 0.1 + 0.2),
    *("1e6", "1E6", "NaN", "Infinity", float("nan"), float("inf"), float("-inf"), "0x10", "1_000"),
    *("", " ", " 1", "1 ", "1\n", "1,5", "1.", ".5", "1.2.3", "٥", "５"),
    *(True, False, None, [], {}, b"1"),
]


@pytest.mark.parametrize(("text", "micro"), ACCEPTED_AMOUNTS)
def test_amounts_convert_exactly(text, micro):
    """L9"""
    assert parse_usdc(text) == micro


@pytest.mark.parametrize("value", REFUSED_AMOUNTS, ids=range(len(REFUSED_AMOUNTS)))
def test_what_does_not_convert_exactly_is_refused(value):
    """L9"""
    with pytest.raises(Invalid) as refusal:
        parse_usdc(value, "budgetUsdc")
    assert [error.field for error in refusal.value.errors] == ["budgetUsdc"]


@given(st.integers(1, MAX_AMOUNT))
def test_every_amount_survives_being_written_and_read(micro):
    assert parse_usdc(format_usdc(micro)) == micro


@given(st.integers(1, MAX_AMOUNT), st.integers(0, BASIS_POINTS))
def test_fee_and_payout_are_the_price_to_the_micro(price, basis_points):
    """L9: the fee is the exact share rounded half up; what is left stays with the worker."""
    fee = share(price, basis_points)
    twice_too_much = 2 * (fee * BASIS_POINTS - price * basis_points)
    assert -BASIS_POINTS < twice_too_much <= BASIS_POINTS
    assert 0 <= fee <= price


@pytest.mark.parametrize(
    ("price", "basis_points", "fee"), [(1, 500, 0), (9, 500, 0), (10, 500, 1), (29, 500, 1), (30, 500, 2), (1, 5000, 1)]
)
def test_a_fee_of_half_a_micro_is_rounded_up(price, basis_points, fee):
    assert share(price, basis_points) == fee


@pytest.mark.parametrize("price", [1, 9, 10, 33_333_333, 99_999_999])
@pytest.mark.parametrize("basis_points", [0, 1, 500, 3333, 10_000])
@pytest.mark.django_db
def test_a_job_pays_out_what_it_held(price, basis_points):
    """L9: fee + payout = hold, to the micro-unit."""
    poster, worker = make_person(funds=factories.FUNDS), make_agent()
    job = factories.completed_job(poster, worker, price=price, terms={"release_fee_bps": basis_points})
    fees = sum(Entry.objects.filter(account__kind=Account.Kind.FEES).values_list("amount", flat=True))
    assert fees == share(price, basis_points)
    assert balance(worker).available + fees == price
    assert balance(poster).available == factories.FUNDS - price
    assert escrow_balance(job) == 0


def test_every_line_of_a_wallet_can_be_said_in_words(poor):
    poster, worker = make_person(funds=factories.FUNDS), make_agent()
    factories.completed_job(poster, worker, title="One")
    factories.cancelled_job(poster, worker, title="Two")
    factories.assigned_job(poster, worker, title="Three", terms={"fund_on": "publish"})
    assert [describe(entry) for entry in entries_of(poster)] == [
        "Returned: “Three” was agreed below its budget",
        "Held in escrow for “Three”",
        "Refunded: “Two” was cancelled",
        "Held in escrow for “Two”",
        "Held in escrow for “One”",
        "Deposit",
    ]
    assert [describe(entry) for entry in entries_of(worker)] == ["Paid for “One”"]
    assert balance(poster).held == factories.PRICE


def test_one_wallet_per_agent_however_it_is_asked_for(rich):
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(kind=Account.Kind.AVAILABLE, owner=rich, balance=0)
