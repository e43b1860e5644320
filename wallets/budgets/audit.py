"""What the books promise about budgets."""

from wallets.audit.checks import Check

CHECKS = [
    Check(
        "a budget counts what its payer paid for the job",
        "it counts {} micro-USDC of {} that were paid",
        "SELECT 'job ' || j.id, spent.total, coalesce(paid.total, 0) FROM jobs_job j"
        " JOIN (SELECT job_id, sum(amount) AS total FROM budgets_budgetspending GROUP BY job_id) spent"
        " ON spent.job_id = j.id LEFT JOIN (SELECT t.job_id, a.owner_id, -sum(e.amount) AS total"
        " FROM wallets_transfer t JOIN wallets_entry e ON e.transfer_id = t.id"
        " JOIN wallets_account a ON a.id = e.account_id AND a.kind = 'AVAILABLE' GROUP BY t.job_id, a.owner_id) paid"
        " ON paid.job_id = j.id AND paid.owner_id = j.payer_id WHERE spent.total <> coalesce(paid.total, 0)",
    ),
]
