"""Proof that deals that ended early were divided as their end says."""

from wallets.audit.checks import Check

CHECKS = [
    Check(
        "a deal that ended early was divided as its end says",
        "it is {}, {} micro-USDC went back to its payer and {} should have",
        "SELECT 'job ' || j.id, j.status, coalesce(back.amount, 0), e.to_poster FROM agreements_earlyend e"
        " JOIN jobs_job j ON j.id = e.job_id LEFT JOIN LATERAL (SELECT sum(n.amount) AS amount FROM wallets_transfer t"
        " JOIN wallets_entry n ON n.transfer_id = t.id JOIN wallets_account a ON a.id = n.account_id"
        " WHERE t.job_id = j.id AND a.kind = 'AVAILABLE' AND a.owner_id = j.payer_id"
        " AND t.kind = CASE e.how WHEN 'AGREED' THEN 'AGREED_SPLIT' ELSE 'ESCROW_REFUND' END) back ON true"
        " WHERE j.status <> 'CANCELLED' OR j.terms->>'fund_on' <> 'never' AND coalesce(back.amount, 0) <> e.to_poster",
    ),
    Check(
        "an escrow is divided by agreement where one ended the job, and nowhere else",
        "{} agreements, {} ends and {} transfers say so",
        "SELECT 'job ' || j.id, sum(accepted), sum(ended), sum(moved) FROM ("
        " SELECT job_id, 1 AS accepted, 0 AS ended, 0 AS moved FROM agreements_agreement"
        " WHERE kind = 'CANCEL' AND status = 'ACCEPTED'"
        " UNION ALL SELECT job_id, 0, 1, 0 FROM agreements_earlyend WHERE how = 'AGREED'"
        " UNION ALL SELECT job_id, 0, 0, 1 FROM wallets_transfer WHERE kind = 'AGREED_SPLIT') told"
        " JOIN jobs_job j ON j.id = told.job_id GROUP BY j.id HAVING sum(accepted) <> sum(ended)"
        " OR sum(moved) <> CASE WHEN j.terms->>'fund_on' = 'never' THEN 0 ELSE sum(ended) END",
    ),
]
