"""What the books promise about money that enters and leaves."""

from django.conf import settings

from wallets.audit.checks import Check

# Play money may also come from nowhere: sandboxes and samples are credited without a payment.
WITH_A_ROW = " AND t.key LIKE 'deposit:embedded:%'" if settings.RAIL == "embedded" else ""

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
        "a withdrawal's transfers are of its amount and its agent",
        "it is of {} micro-USDC and its transfer {} moves {}",
        "SELECT 'withdrawal ' || w.id, w.amount, t.kind, e.amount FROM wallets_withdrawal w"
        " JOIN wallets_transfer t ON t.key IN ('withdrawal:' || w.id, 'withdrawal:' || w.id || ':confirmed',"
        " 'withdrawal:' || w.id || ':reversed')"
        " JOIN wallets_entry e ON e.transfer_id = t.id JOIN wallets_account a ON a.id = e.account_id"
        " WHERE abs(e.amount) <> w.amount OR a.owner_id <> w.agent_id",
    ),
    Check(
        "a movement to or from outside has its withdrawal or deposit",
        "it has the key {} and nothing that explains it",
        "SELECT 'transfer ' || t.id, t.key FROM wallets_transfer t"  # noqa: S608  (our own words)
        " LEFT JOIN wallets_withdrawal w ON t.key = 'withdrawal:' || w.id || CASE t.kind"
        " WHEN 'WITHDRAWAL_CONFIRMED' THEN ':confirmed' WHEN 'WITHDRAWAL_REVERSED' THEN ':reversed' ELSE '' END"
        " WHERE t.kind LIKE 'WITHDRAWAL%' AND w.id IS NULL"
        " UNION ALL SELECT 'transfer ' || t.id, t.key FROM wallets_transfer t"
        " LEFT JOIN wallets_deposit d ON t.key = 'deposit:' || d.rail || ':' || d.key"
        f" WHERE t.kind = 'DEPOSIT' AND d.id IS NULL{WITH_A_ROW}",
    ),
    Check(
        "a confirmed deposit was credited to its agent",
        "it says {} micro-USDC and {} were credited",
        "SELECT 'deposit ' || d.id, d.amount, coalesce(sum(e.amount), 0) FROM wallets_deposit d"
        " LEFT JOIN wallets_transfer t ON t.key = 'deposit:' || d.rail || ':' || d.key"
        " LEFT JOIN (wallets_entry e JOIN wallets_account a ON a.id = e.account_id)"
        " ON e.transfer_id = t.id AND a.owner_id = d.agent_id"
        " WHERE d.status = 'CONFIRMED' GROUP BY d.id HAVING d.amount <> coalesce(sum(e.amount), 0)",
    ),
]
