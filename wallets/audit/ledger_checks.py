"""What the ledger promises by itself, whatever the money is for (SURVIVE L6)."""

from wallets.audit.checks import Check

# Kind of transfer → kinds of account that give, and that take.
MAY_MOVE = {
    "DEPOSIT": ("DEPOSITS", "AVAILABLE"),
    "SIGNUP_BONUS": ("BONUSES", "AVAILABLE"),
    "ESCROW_HOLD": ("AVAILABLE", "ESCROW"),
    "ESCROW_TRIM": ("AVAILABLE ESCROW", "AVAILABLE ESCROW"),
    "ESCROW_RELEASE": ("ESCROW", "AVAILABLE CLEARING FEES"),
    "ESCROW_REFUND": ("ESCROW", "AVAILABLE FEES"),
    "DISPUTE_SPLIT": ("ESCROW CLEARING FEES", "AVAILABLE FEES"),
    "AGREED_SPLIT": ("ESCROW", "AVAILABLE FEES"),
    "TIP": ("AVAILABLE", "AVAILABLE"),
    "CLEARING_MATURED": ("CLEARING", "AVAILABLE"),
    "CREDIT_PURCHASE": ("AVAILABLE", "FEES"),
    "WITHDRAWAL": ("AVAILABLE", "WITHDRAWING"),
    "WITHDRAWAL_CONFIRMED": ("WITHDRAWING", "WITHDRAWALS"),
    "WITHDRAWAL_REVERSED": ("WITHDRAWING", "AVAILABLE"),
    "ADJUSTMENT": ("AVAILABLE ADJUSTMENTS", "AVAILABLE ADJUSTMENTS"),
}
SHAPES = ", ".join(
    f"('{kind}', '{account}', {sign})"
    for kind, sides in MAY_MOVE.items()
    for sign, accounts in zip((-1, 1), sides, strict=True)
    for account in accounts.split()
)
# Kind of transfer → the last word of its key, "job:<id>:<word>".
OF_A_JOB = {
    "ESCROW_HOLD": "hold",
    "ESCROW_TRIM": "trim",
    "ESCROW_RELEASE": "release",
    "ESCROW_REFUND": "refund",
    # One key for both: what was divided in one way is not divided in the other.
    "DISPUTE_SPLIT": "split",
    "AGREED_SPLIT": "split",
    "TIP": "tip",
    "CLEARING_MATURED": "mature",
}
WAYS = ", ".join(f"('{kind}', '{word}')" for kind, word in OF_A_JOB.items())

CHECKS = [
    Check(
        "entries of a transfer sum to zero",
        "its entries sum to {} micro-USDC",
        "SELECT 'transfer ' || transfer_id, sum(amount) FROM wallets_entry"
        " GROUP BY transfer_id HAVING sum(amount) <> 0",
    ),
    Check(
        "a transfer has entries on both sides",
        "it has {} entries",
        "SELECT 'transfer ' || t.id, count(e.id) FROM wallets_transfer t"
        " LEFT JOIN wallets_entry e ON e.transfer_id = t.id GROUP BY t.id HAVING count(e.id) < 2",
    ),
    Check(
        "a balance is the sum of its entries",
        "its balance is {}, its entries sum to {} micro-USDC",
        "SELECT 'account ' || a.id, a.balance, coalesce(s.total, 0) FROM wallets_account a LEFT JOIN"
        " (SELECT account_id, sum(amount) AS total FROM wallets_entry GROUP BY account_id) s ON s.account_id = a.id"
        " WHERE a.balance IS NOT NULL AND a.balance <> coalesce(s.total, 0)",
    ),
    Check(
        "no owned account is below zero",
        "its balance is {} micro-USDC",
        "SELECT 'account ' || id, balance FROM wallets_account WHERE balance < 0",
    ),
    Check(
        "an entry says the balance it left",
        "it says {}, the entries up to it sum to {} micro-USDC",
        # The entries of a system account say nothing; IS DISTINCT FROM finds one that says nothing and should.
        "SELECT 'entry ' || e.id, e.balance_after, CASE WHEN a.balance IS NOT NULL THEN e.total END FROM"
        " (SELECT id, account_id, balance_after, sum(amount) OVER (PARTITION BY account_id ORDER BY id) AS total"
        " FROM wallets_entry) e JOIN wallets_account a ON a.id = e.account_id"
        " WHERE e.balance_after IS DISTINCT FROM CASE WHEN a.balance IS NOT NULL THEN e.total END",
    ),
    Check(
        "each kind of transfer moves money between the accounts that it may",
        "it is a {} and moves {} micro-USDC on an account that is {}",
        "SELECT 'transfer ' || t.id, t.kind, e.amount, a.kind FROM wallets_transfer t"  # noqa: S608  (our own words)
        " JOIN wallets_entry e ON e.transfer_id = t.id JOIN wallets_account a ON a.id = e.account_id"
        f" LEFT JOIN (VALUES {SHAPES}) AS shape(kind, account, sign)"
        " ON shape.kind = t.kind AND shape.account = a.kind AND shape.sign = sign(e.amount) WHERE shape.kind IS NULL",
    ),
    Check(
        "money of a job moves once in each way, by a transfer that says so",
        "it is a {} with the key {}",
        "SELECT 'transfer ' || t.id, t.kind, t.key FROM wallets_transfer t"  # noqa: S608  (our own words)
        f" JOIN (VALUES {WAYS}) AS way(kind, word) ON way.kind = t.kind"
        " WHERE t.job_id IS NULL OR t.key <> 'job:' || t.job_id || ':' || way.word",
    ),
    Check(
        "no transfer is of the future",
        "it says that it was made at {}",
        "SELECT 'transfer ' || id, created_at FROM wallets_transfer"
        " WHERE created_at > statement_timestamp() + interval '1 minute'",
    ),
]
