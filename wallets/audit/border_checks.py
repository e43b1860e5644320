"""What the books promise about money that enters and leaves."""

from wallets.audit.checks import Check

CHECKS = [
    Check(
        "what is on its way out are the unsettled withdrawals",
        "{} micro-USDC are on their way out and unsettled withdrawals ask for {}",
        "SELECT 'agent ' || owner_id, sum(leaving), sum(asked) FROM ("
        " SELECT owner_id, balance AS leaving, 0 AS asked FROM wallets_account WHERE kind = 'WITHDRAWING' UNION ALL"
        " SELECT agent_id, 0, amount FROM wallets_withdrawal WHERE status IN ('PENDING', 'SENT')) both_sides"
        " GROUP BY owner_id HAVING sum(leaving) <> sum(asked)",
    ),
    Check(
        "a withdrawal was debited once, and confirmed or put back once when it is settled",
        "it is {} and has the transfers {}",
        "SELECT 'withdrawal ' || w.id, w.status, string_agg(t.kind, ', ' ORDER BY t.kind) FROM wallets_withdrawal w"
        " LEFT JOIN wallets_transfer t ON t.key IN ('withdrawal:' || w.id, 'withdrawal:' || w.id || ':confirmed',"
        " 'withdrawal:' || w.id || ':reversed') GROUP BY w.id"
        " HAVING string_agg(t.kind, ', ' ORDER BY t.kind) IS DISTINCT FROM CASE w.status"
        " WHEN 'CONFIRMED' THEN 'WITHDRAWAL, WITHDRAWAL_CONFIRMED'"
        " WHEN 'REVERSED' THEN 'WITHDRAWAL, WITHDRAWAL_REVERSED' ELSE 'WITHDRAWAL' END",
    ),
    Check(
        "a confirmed deposit was credited",
        "it says {} micro-USDC and {} were credited",
        "SELECT 'deposit ' || d.id, d.amount, coalesce(sum(e.amount), 0) FROM wallets_deposit d"
        " LEFT JOIN wallets_transfer t ON t.key = 'deposit:' || d.rail || ':' || d.key"
        " LEFT JOIN wallets_entry e ON e.transfer_id = t.id AND e.amount > 0"
        " WHERE d.status = 'CONFIRMED' GROUP BY d.id HAVING d.amount <> coalesce(sum(e.amount), 0)",
    ),
]
