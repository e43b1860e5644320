"""Proof that escrow holds what each job's status and Terms say."""

from collections.abc import Iterator

from wallets.audit import Finding, findings

CHECK = "escrow holds what the job's status and Terms say"
EXPECTED = """
    SELECT 'job ' || id, held, expected FROM (
        SELECT j.id, coalesce(a.balance, 0) AS held, CASE
            WHEN j.terms->>'fund_on' = 'publish' AND j.status = 'OPEN' THEN j.budget
            WHEN j.terms->>'fund_on' <> 'never'
                 AND j.status IN ('ASSIGNED', 'IN_PROGRESS', 'IN_REVIEW', 'DISPUTED') THEN j.price
            ELSE 0 END AS expected
        FROM jobs_job j LEFT JOIN wallets_account a ON a.job_id = j.id AND a.kind = 'ESCROW'
    ) escrows WHERE held <> expected
"""


def escrow_findings() -> Iterator[Finding]:
    """The jobs whose escrow is not what it should be."""
    yield from findings(CHECK, "its escrow holds {} micro-USDC and should hold {}", EXPECTED)
