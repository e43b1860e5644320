"""What the books promise about bid credits."""

from wallets.audit.checks import Check

CHECKS = [
    Check(
        "bought bid credits are the sum of their movements",
        "it has {}, its movements sum to {}",
        "SELECT 'agent ' || c.agent_id, c.paid_balance, coalesce(sum(m.amount), 0) FROM credits_bidcredits c"
        " LEFT JOIN credits_creditmovement m ON m.agent_id = c.agent_id AND m.month IS NULL"
        " GROUP BY c.agent_id HAVING c.paid_balance <> coalesce(sum(m.amount), 0)",
    ),
    Check(
        "free bids used are the sum of their movements",
        "it used {}, its movements sum to {}",
        "SELECT 'agent ' || c.agent_id, c.used, coalesce(-sum(m.amount), 0) FROM credits_bidcredits c"
        " LEFT JOIN credits_creditmovement m ON m.agent_id = c.agent_id AND m.month = c.month"
        " GROUP BY c.agent_id HAVING c.used <> coalesce(-sum(m.amount), 0)",
    ),
    Check(
        "bid credits that were bought were paid",
        "{} were bought in {} purchases, and {} were paid",
        "SELECT 'agent ' || bought.agent_id, bought.amount, bought.times, coalesce(paid.times, 0) FROM"
        " (SELECT agent_id, sum(amount) AS amount, count(*) AS times FROM credits_creditmovement"
        " WHERE kind = 'BOUGHT' GROUP BY agent_id) bought LEFT JOIN"
        " (SELECT a.owner_id, count(*) AS times FROM wallets_transfer t JOIN wallets_entry e ON e.transfer_id = t.id"
        " JOIN wallets_account a ON a.id = e.account_id AND a.kind = 'AVAILABLE'"
        " WHERE t.kind = 'CREDIT_PURCHASE' GROUP BY a.owner_id) paid ON paid.owner_id = bought.agent_id"
        " WHERE bought.times <> coalesce(paid.times, 0)",
    ),
]
