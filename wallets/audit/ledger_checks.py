"""What the ledger promises by itself, whatever the money is for (SURVIVE L6)."""

from wallets.audit.checks import Check

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
]
