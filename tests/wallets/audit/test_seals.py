# ruff: noqa: S608  (the SQL is the tests' own)
"""Seals: who has kept one hash can tell whether anything before it was changed."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import Event
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum

from agents.models import Agent
from tests.factories import FUNDS, assigned_job, completed_job, make_agent, make_person
from tests.racing import race
from tests.wallets.audit.tampering import broken, tampered
from wallets.audit import seals
from wallets.audit.merkle import leaf_of
from wallets.audit.models import NO_SEAL_BEFORE, Seal
from wallets.audit.seals import BEGINNING, leaves, seal_transfers
from wallets.audit.tasks import seal
from wallets.models import Entry, Transfer
from wallets.services import deposit

CHAIN = "the seals are one unbroken chain"
SEALED = "the transfers are as they were sealed"
TOTALS = "the last seal's totals are the sums of the entries before it"

in_transactions = pytest.mark.django_db(transaction=True)


def three_seals() -> None:
    """Three seals over two transfers each."""
    person = make_person()
    for number in range(3):
        for part in "ab":
            deposit(agent=person, amount=1_000_000, key=f"{number}{part}")
        seal_transfers()


@pytest.mark.django_db
def test_a_seal_covers_what_moved_since_the_last_one():
    three_seals()
    found = list(Seal.objects.order_by("number").values_list("number", "transfers", "totals__AVAILABLE"))
    assert found == [(1, 2, 2_000_000), (2, 2, 4_000_000), (3, 2, 6_000_000)]
    assert len(set(Seal.objects.values_list("root"))) == 3


@pytest.mark.django_db
def test_no_seal_is_made_when_nothing_moved():
    assert seal() is None
    make_person(funds=1)
    assert seal() == 1
    assert seal() is None
    assert Seal.objects.count() == 1


@pytest.mark.django_db
def test_each_seal_names_the_hash_of_the_one_before():
    three_seals()
    first, second, third = Seal.objects.order_by("number")
    assert first.previous_hash == NO_SEAL_BEFORE
    assert (second.previous_hash, third.previous_hash) == (first.hash, second.hash)
    assert first.hash == sha256(first.statement.encode()).hexdigest()


@pytest.mark.django_db
def test_a_seal_says_what_it_says_in_plain_lines():
    completed_job(make_person(funds=FUNDS), make_agent())
    seal = seal_transfers()
    lines = seal.statement.splitlines()
    assert lines[:2] == ["seal 1", f"previous {NO_SEAL_BEFORE}"]
    assert f"root {seal.root}" in lines
    assert "total DEPOSITS -1000.00" in lines and "total FEES 4.00" in lines
    assert "balance AVAILABLE 996.00" in lines and "balance ESCROW 0.00" in lines


@pytest.mark.django_db
def test_leaves_are_what_the_documentation_says():
    """Somebody else's program, given the rows, computes the same root."""
    assigned_job(make_person(funds=FUNDS), make_agent(), title="Ünïcode “quoted” \\ back\tslash")
    with tampered("UPDATE wallets_transfer SET note = E'a \"note\"\\n\\t\\u001f\\u007f ü 💶 \\\\'"):
        documented = [
            leaf_of(documented_text(transfer).encode()) for transfer in Transfer.objects.order_by("created_at", "id")
        ]
        assert [leaf for _, leaf in leaves(BEGINNING, datetime.max.replace(tzinfo=UTC))] == documented


def documented_text(transfer: Transfer) -> str:
    """The JSON text of a leaf as docs/ has it."""
    entries = [
        [
            e.pk,
            e.account_id,
            e.account.kind,
            text(e.account.owner_id),
            text(e.account.job_id),
            e.amount,
            e.balance_after,
        ]
        for e in transfer.entries.order_by("id")
    ]
    micros = (transfer.created_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    row = [str(transfer.pk), transfer.kind, transfer.key, text(transfer.job_id), transfer.note, micros, entries]
    return json.dumps(row, ensure_ascii=False)


def text(identifier: Any) -> str | None:
    return identifier and str(identifier)


OTHER_ID = "'00000000-0000-7000-8000-000000000000'"
# Of every column: another value.
TRANSFER_FORGERIES = {
    "id": OTHER_ID,
    "kind": "'TIP'",
    "key": "'forged'",
    "job_id": "(SELECT id FROM jobs_job LIMIT 1)",
    "note": "'forged'",
    "created_at": "created_at - interval '1 microsecond'",
}
ENTRY_FORGERIES = {
    "id": "id + 1000",
    "transfer_id": OTHER_ID,
    "account_id": "(SELECT max(id) FROM wallets_account)",
    "amount": "amount + 1",
    "balance_after": "7",
}
ACCOUNT_FORGERIES = {
    "kind": "'FEES'",
    "owner_id": "(SELECT id FROM agents_agent WHERE kind <> 'HUMAN')",
    "job_id": "(SELECT id FROM jobs_job LIMIT 1)",
}
FORGERIES = [
    *(
        f"UPDATE wallets_transfer SET {column} = {value} WHERE kind = 'DEPOSIT'"
        for column, value in TRANSFER_FORGERIES.items()
    ),
    *(
        f"UPDATE wallets_entry SET {column} = {value} WHERE id = (SELECT min(id) FROM wallets_entry)"
        for column, value in ENTRY_FORGERIES.items()
    ),
    *(
        f"UPDATE wallets_account SET {column} = {value} WHERE kind = 'AVAILABLE'"
        for column, value in ACCOUNT_FORGERIES.items()
    ),
    "DELETE FROM wallets_entry",
    "DELETE FROM wallets_entry WHERE id = (SELECT min(id) FROM wallets_entry)",
    f"INSERT INTO wallets_transfer (id, kind, key, created_at) SELECT {OTHER_ID}, kind, 'forged', created_at"
    " FROM wallets_transfer LIMIT 1",
    "INSERT INTO wallets_entry (transfer_id, account_id, amount) SELECT transfer_id, account_id, 1"
    " FROM wallets_entry LIMIT 1",
]


def test_there_is_a_forgery_of_every_column():
    """A column that is added has to be sealed too."""
    assert set(TRANSFER_FORGERIES) == {field.column for field in Transfer._meta.concrete_fields}
    assert set(ENTRY_FORGERIES) == {field.column for field in Entry._meta.concrete_fields}


@pytest.mark.django_db
@pytest.mark.parametrize("forgery", FORGERIES)
def test_whatever_is_changed_the_seal_no_longer_matches(forgery):
    assigned_job(make_person(funds=FUNDS), make_agent())
    assert seal_transfers()
    without_constraints = [
        "ALTER TABLE wallets_account DROP CONSTRAINT account_unique_by_what_it_is",
        "ALTER TABLE wallets_entry ALTER CONSTRAINT {} DEFERRABLE INITIALLY DEFERRED".format(
            foreign_key("transfer_id")
        ),
        "SET CONSTRAINTS ALL DEFERRED",
    ]
    with tampered(*without_constraints, forgery):
        assert broken()[SEALED] == ["seal 1"]
    assert broken() == {}


def foreign_key(column: str) -> str:
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "wallets_entry")
    return next(name for name, what in constraints.items() if what["foreign_key"] and what["columns"] == [column])


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 2, 3])
def test_tampering_is_named_by_the_seal_that_covers_it(number):
    three_seals()
    with tampered(f"UPDATE wallets_transfer SET note = 'forged' WHERE key = 'deposit:direct:{number - 1}b'"):
        assert broken() == {SEALED: [f"seal {number}"]}


@pytest.mark.django_db
def test_a_transfer_moved_from_one_seal_to_another_is_missed_in_one_and_found_in_the_other():
    three_seals()
    other = "(SELECT created_at FROM wallets_transfer WHERE key = 'deposit:direct:2a')"
    with tampered(f"UPDATE wallets_transfer SET created_at = {other} WHERE key = 'deposit:direct:0a'"):
        assert broken() == {SEALED: ["seal 1", "seal 3"]}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "promises"),
    [
        ("UPDATE audit_seal SET root = repeat('0', 64) WHERE number = 2", {CHAIN: ["seal 2"], SEALED: ["seal 2"]}),
        ("UPDATE audit_seal SET hash = repeat('1', 64) WHERE number = 2", {CHAIN: ["seal 2", "seal 3"]}),
        ("UPDATE audit_seal SET previous_hash = 'x' WHERE number = 2", {CHAIN: ["seal 2", "seal 2"]}),
        ("UPDATE audit_seal SET balances = '{}' WHERE number = 1", {CHAIN: ["seal 1"]}),
        (
            "UPDATE audit_seal SET totals = jsonb_set(totals, '{AVAILABLE}', '7') WHERE number = 3",
            {CHAIN: ["seal 3"], TOTALS: ["seal 3"]},
        ),
        ("DELETE FROM audit_seal WHERE number = 2", {CHAIN: ["seal 3"], SEALED: ["seal 3"]}),
        ("DELETE FROM audit_seal WHERE number = 1", {CHAIN: ["seal 2"], SEALED: ["seal 2"]}),
    ],
)
def test_a_forged_seal_breaks_the_chain(statement, promises):
    three_seals()
    with tampered(statement):
        assert broken() == promises


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE audit_seal SET root = ''", "DELETE FROM audit_seal"])
def test_the_database_refuses_to_change_a_seal(statement):
    make_person(funds=1)
    assert seal_transfers()
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        connection.cursor().execute(statement)


@in_transactions
def test_two_sealers_at_once_make_one_seal():
    for number in range(1, 11):
        make_person(funds=1)
        made = race([seal_transfers] * 4)
        assert not [outcome for outcome in made if isinstance(outcome, Exception)]
        assert [found.number for found in made if found] == [number]


@contextmanager
def open_transaction(do: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """A transaction elsewhere that has done something; calling what is yielded commits it."""
    done, go = Event(), Event()

    def run() -> None:
        try:
            with transaction.atomic():
                do()
                done.set()
                go.wait(30)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(run)
        assert done.wait(30)

        def finish() -> None:
            go.set()
            running.result(30)

        try:
            yield finish
        finally:
            go.set()


def overtake() -> tuple[Seal | None, Seal | None]:
    """One transfer begins first and commits last; the second and the third seal, made before and after it commits."""
    slow, fast = make_person(funds=1), make_person(funds=1)
    assert seal_transfers()
    with open_transaction(lambda: deposit(agent=slow, amount=1, key="began first")) as commit:
        deposit(agent=fast, amount=1, key="committed first")
        early = seal_transfers()
        commit()
        return early, seal_transfers()


@in_transactions
def test_a_seal_waits_for_the_transactions_that_began_before_its_horizon():
    early, late = overtake()
    assert early is None
    assert late.transfers == 2


@in_transactions
def test_without_that_wait_a_transfer_slips_through_and_the_audit_says_so(monkeypatch):
    """Negative control."""
    with monkeypatch.context() as patch:
        patch.setattr(seals, "HORIZON", "SELECT statement_timestamp() - %s * interval '1 second'")
        early, late = overtake()
    found = broken()
    # Put right first, or the oracle would say so too.
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE audit_seal")
    assert (early.transfers, late) == (1, None)
    assert found == {SEALED: ["seal 2"], TOTALS: ["seal 2", "seal 2"]}


@in_transactions
def test_every_transfer_is_sealed_once_while_many_move(settings):
    """Movers whose transactions overlap in every way, sealed all the while."""
    settings.SEAL_MARGIN_SECONDS = 0.2
    people = [make_person() for _ in range(6)]
    left = [Event() for _ in people]

    def move(person: Agent, done: Event) -> None:
        try:
            for number in range(60):
                with transaction.atomic():
                    deposit(agent=person, amount=1, key=f"{person.pk}:{number}")
                    Entry.objects.filter(account__owner=person).aggregate(Sum("amount"))
        finally:
            done.set()

    def keep_sealing() -> None:
        while not all(done.is_set() for done in left):
            seal_transfers()

    outcomes = race(
        [*(lambda p=person, d=done: move(p, d) for person, done in zip(people, left, strict=True)), keep_sealing]
    )
    assert outcomes == [None] * 7
    settings.SEAL_MARGIN_SECONDS = 0
    seal_transfers()
    assert Seal.objects.aggregate(Sum("transfers"))["transfers__sum"] == Transfer.objects.count() == 360
    assert Seal.objects.count() > 1
    assert broken() == {}


@pytest.mark.django_db
def test_balances_are_those_of_the_horizon_though_money_has_moved_since():
    person = make_person(funds=5)
    horizon = seals._horizon()
    deposit(agent=person, amount=7, key="later")
    assert seals._by_kind(seals.BALANCES, horizon) == {"AVAILABLE": 5}
