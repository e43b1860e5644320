"""The oracle itself must be able to fail: a corrupted row is named by the next look at the books."""

import pytest
from django.db import connection, transaction

from tests import factories
from tests.oracle import assert_books_sound

pytestmark = pytest.mark.django_db

# Each with the triggers of its table off, as somebody with the owner's rights could do it.
CORRUPTIONS = [
    ("wallets_account", "UPDATE wallets_account SET balance = 1 WHERE kind = 'AVAILABLE'", "sum of its entries"),
    ("wallets_account", "UPDATE wallets_account SET balance = balance - 1 WHERE kind = 'ESCROW'", "escrow holds what"),
    ("wallets_entry", "UPDATE wallets_entry SET amount = amount + 1 WHERE amount > 0", "sum to zero"),
    ("wallets_entry", "UPDATE wallets_entry SET balance_after = balance_after + 1", "the balance it left"),
    ("wallets_entry", "DELETE FROM wallets_entry", "entries on both sides"),
    ("jobs_job", "UPDATE jobs_job SET status = 'COMPLETED'", "orphaned"),
    ("jobs_job", "UPDATE jobs_job SET bid_count = 7", "bids on a job are counted"),
    ("bids_bid", "UPDATE bids_bid SET status = 'PENDING'", "not open"),
    ("events_event", "UPDATE events_event SET body = replace(encode(body, 'escape'), '.', '-')::bytea", "frozen body"),
    ("credits_bidcredits", "UPDATE credits_bidcredits SET used = 0", "free bids used"),
    ("credits_bidcredits", "UPDATE credits_bidcredits SET paid_balance = 1", "bought bid credits"),
    ("events_event", "DELETE FROM events_event WHERE type = 'job.assigned'", "assigned once"),
]


@pytest.mark.parametrize(("table", "corruption", "named"), CORRUPTIONS)
def test_a_corrupted_row_is_named(table, corruption, named):
    factories.assigned_job(factories.make_person(funds=factories.FUNDS), factories.make_agent())
    assert_books_sound()
    with pytest.raises(AssertionError, match=named), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(corruption)
        assert_books_sound()
