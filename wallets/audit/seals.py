"""Making seals: which transfers one covers, and what is hashed.

A seal covers `created_at` in [horizon of the one before, its own horizon). That is exact though transactions commit
out of order, because at the moment a seal reads, no transaction below its horizon can be open or still begin:

- `created_at` is the time of the statement that made the transfer, never before that transaction's `xact_start`, which
  PostgreSQL shows in pg_stat_activity until everybody can see what the transaction did.
- The horizon is at most the oldest `xact_start` shown. So a transaction with a transfer below it has ended, and is
  seen by the statements that follow, each of which sees what is committed when it begins (READ COMMITTED).
- A transaction that is not shown yet begins after the statement that computes the horizon did, and the horizon is at
  most that statement's time.
- Between taking its time and showing it a transaction is invisible for some microseconds, on a halted machine for
  longer; and clocks are put right. The margin, SEAL_MARGIN_SECONDS, is for both: the horizon lags that far behind.
- A role sees `xact_start` of its own sessions. Where others move money too, grant pg_read_all_stats to the one that
  seals.

What remains is loud, not silent: a transfer that did slip below a horizon makes the audit name that seal. A long
transaction delays sealing and nothing else. Sealing only reads the ledger; a transfer never waits for it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain

from django.conf import settings
from django.db import connection, transaction

from wallets.audit.merkle import MerkleTree
from wallets.audit.models import NO_SEAL_BEFORE, Seal
from wallets.models import Account

BEGINNING = datetime.min.replace(tzinfo=UTC)
ROWS_AT_A_TIME = 5000
OWNED = [*Account.OF_AGENTS, Account.Kind.ESCROW]

HORIZON = """
    SELECT least(statement_timestamp() - %s * interval '1 second', (
        SELECT min(xact_start) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type <> 'autovacuum worker'))
"""

# One leaf a transfer: everything that its row and its entries say, and whose accounts they are on, as JSON text.
LEAVES = """
    SELECT t.created_at, sha256('\\x00' || convert_to(jsonb_build_array(
        t.id, t.kind, t.key, t.job_id, t.note, (extract(epoch FROM t.created_at) * 1000000)::bigint,
        (SELECT jsonb_agg(jsonb_build_array(
             e.id, e.account_id, a.kind, a.owner_id, a.job_id, e.amount, e.balance_after) ORDER BY e.id)
           FROM wallets_entry e JOIN wallets_account a ON a.id = e.account_id WHERE e.transfer_id = t.id)
    )::text, 'UTF8'))
    FROM wallets_transfer t WHERE t.created_at >= %s AND t.created_at < %s ORDER BY t.created_at, t.id
"""

MOVED = """
    SELECT a.kind, sum(e.amount)::bigint FROM wallets_transfer t
      JOIN wallets_entry e ON e.transfer_id = t.id JOIN wallets_account a ON a.id = e.account_id
     WHERE t.created_at >= %s AND t.created_at < %s GROUP BY a.kind
"""

# What the accounts hold now, less what moved since: one statement, so that both are as of the same moment.
BALANCES = """
    SELECT kind, sum(amount)::bigint FROM (
        SELECT kind, balance AS amount FROM wallets_account WHERE balance IS NOT NULL
        UNION ALL
        SELECT a.kind, -e.amount FROM wallets_transfer t
          JOIN wallets_entry e ON e.transfer_id = t.id JOIN wallets_account a ON a.id = e.account_id
         WHERE t.created_at >= %s AND a.balance IS NOT NULL
    ) held GROUP BY kind
"""


@transaction.atomic(durable=True)
def seal_transfers() -> Seal | None:
    """Seals what moved since the last seal; None if nothing did, or if somebody else is sealing right now."""
    if not _is_only_sealer():
        return None
    previous = Seal.objects.order_by("number").last()
    since = previous.horizon if previous else BEGINNING
    horizon = _horizon()
    tree = MerkleTree()
    for _, leaf in leaves(since, horizon):
        tree.add(leaf)
    if not tree.size:
        return None
    seal = Seal(
        number=previous.number + 1 if previous else 1,
        previous_hash=previous.hash if previous else NO_SEAL_BEFORE,
        horizon=horizon,
        transfers=tree.size,
        root=tree.root.hex(),
        totals=_totals(previous, since, horizon),
        balances=dict.fromkeys(OWNED, 0) | _by_kind(BALANCES, horizon),
    )
    seal.hash = seal.compute_hash()
    seal.save(force_insert=True)
    return seal


def leaves(since: datetime, until: datetime) -> Iterator[tuple[datetime, bytes]]:
    """Time and leaf of each transfer in [since, until), in order, streamed; needs a transaction."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(LEAVES, [since, until])
        for created_at, leaf in chain.from_iterable(iter(lambda: cursor.fetchmany(ROWS_AT_A_TIME), [])):
            yield created_at, bytes(leaf)


def _is_only_sealer() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('wallets.audit.seals'))")
        return bool(cursor.fetchone()[0])


def _horizon() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute(HORIZON, [settings.SEAL_MARGIN_SECONDS])
        return cursor.fetchone()[0]


def _totals(previous: Seal | None, since: datetime, horizon: datetime) -> dict[str, int]:
    """Carried on from the seal before, so that a seal costs as much as what it covers."""
    before = previous.totals if previous else {}
    moved = _by_kind(MOVED, since, horizon)
    return {kind: before.get(kind, 0) + moved.get(kind, 0) for kind in Account.Kind.values}


def _by_kind(sql: str, *times: datetime) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, times)
        return dict(cursor.fetchall())
