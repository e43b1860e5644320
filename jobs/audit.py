"""Proof that escrow holds what each job's status and Terms say, and that nothing else is in escrow."""

from wallets.audit.checks import Check

ESCROWS = """WITH escrows AS (
    SELECT j.id, a.id AS account, coalesce(a.balance, 0) AS held, CASE
        WHEN j.terms->>'fund_on' = 'publish' AND j.status = 'OPEN' THEN j.budget
        WHEN j.terms->>'fund_on' <> 'never'
             AND (j.status IN ('ASSIGNED', 'IN_PROGRESS', 'IN_REVIEW')
                  OR j.status = 'DISPUTED' AND j.completed_at IS NULL) THEN j.price
        ELSE 0 END AS expected
    FROM jobs_job j LEFT JOIN wallets_account a ON a.job_id = j.id AND a.kind = 'ESCROW'
)"""

CHECKS = [
    Check(
        "escrow holds what the job's status and Terms say",
        "its escrow holds {} and should hold {} micro-USDC",
        f"{ESCROWS} SELECT 'job ' || id, held, expected FROM escrows"  # noqa: S608  (the program's own SQL)
        " WHERE held <> expected AND expected > 0",
    ),
    Check(
        "no escrow is orphaned",
        "its escrow holds {} micro-USDC {}",
        f"{ESCROWS} SELECT 'job ' || id, held,"  # noqa: S608  (the program's own SQL)
        " CASE WHEN held <> 0 THEN 'that nobody expects' ELSE 'and never held any' END"
        " FROM escrows WHERE expected = 0 AND account IS NOT NULL AND (held <> 0 OR NOT EXISTS"
        " (SELECT FROM wallets_transfer t WHERE t.job_id = escrows.id AND t.kind = 'ESCROW_HOLD'))",
    ),
    Check(
        "what is clearing are the payouts of jobs inside their dispute window",
        "{} micro-USDC are clearing and the jobs say {}",
        "SELECT 'agent ' || agent, sum(clearing), sum(paid) FROM ("
        " SELECT owner_id AS agent, balance AS clearing, 0 AS paid FROM wallets_account WHERE kind = 'CLEARING'"
        " UNION ALL SELECT worker_id, 0, payout FROM jobs_job WHERE matures_at IS NOT NULL) both_sides"
        " GROUP BY agent HAVING sum(clearing) <> sum(paid)",
    ),
    Check(
        "the money of a job moved between its payer, its worker and nobody else",
        "its transfer {} moves {} micro-USDC on a wallet of somebody else",
        "SELECT 'job ' || j.id, t.kind, e.amount FROM jobs_job j JOIN wallets_transfer t ON t.job_id = j.id"
        " JOIN wallets_entry e ON e.transfer_id = t.id JOIN wallets_account a ON a.id = e.account_id"
        " WHERE a.owner_id IS NOT NULL AND a.owner_id <> j.payer_id AND a.owner_id IS DISTINCT FROM j.worker_id"
        " OR a.job_id IS NOT NULL AND a.job_id <> j.id"
        " OR t.kind IN ('ESCROW_HOLD', 'ESCROW_TRIM', 'ESCROW_REFUND') AND a.owner_id <> j.payer_id"
        " OR t.kind = 'ESCROW_RELEASE' AND a.owner_id IS DISTINCT FROM j.worker_id AND a.owner_id IS NOT NULL",
    ),
    Check(
        "a job says what was paid and tipped",
        "it says {} and its worker was paid {} micro-USDC",
        "SELECT 'job ' || j.id, said.amount, coalesce(paid.amount, 0) FROM jobs_job j"
        " CROSS JOIN LATERAL (VALUES (ARRAY['TIP'], j.tip), (ARRAY['ESCROW_RELEASE', 'DISPUTE_SPLIT', 'AGREED_SPLIT'],"
        " CASE WHEN j.terms->>'fund_on' <> 'never' THEN coalesce(j.payout, 0) ELSE 0 END)) AS said(kinds, amount)"
        " LEFT JOIN LATERAL (SELECT sum(e.amount) AS amount FROM wallets_transfer t"
        " JOIN wallets_entry e ON e.transfer_id = t.id JOIN wallets_account a ON a.id = e.account_id"
        " WHERE t.job_id = j.id AND t.kind = ANY (said.kinds) AND a.owner_id = j.worker_id) paid"
        " ON true"
        " WHERE said.amount <> coalesce(paid.amount, 0)",
    ),
]
