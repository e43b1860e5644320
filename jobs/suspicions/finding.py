"""What looks like dealing with oneself, found among all deals and withdrawals (SURVIVE M1).

A hand is who decides for an agent, as in the computation of reputation. A search gives a key and the hands: names of
tables are the program's own, values are parameters.
"""

from django.db import connection, transaction

from agents.models import Agent
from agents.reputation import FULL_PRICE
from jobs.models import Job
from jobs.reputation.calculation import hand
from jobs.suspicions.models import Suspicion
from wallets.models import Withdrawal

# Of the jobs that somebody completed in so many days ...
DAYS = 30
# ... at least this part was for one client, and none of them cost as much as counts for a whole one.
LEAST_SHARE = 0.25
# Longer rings take so many agents and fees that they gain next to nothing.
LONGEST_RING = 5

_AGENT, _JOB, _WITHDRAWAL = (f'"{model._meta.db_table}"' for model in (Agent, Job, Withdrawal))
CONSTANTS = {"days": DAYS, "share": LEAST_SHARE, "longest": LONGEST_RING, "full_price": FULL_PRICE}

# Workers from whom rings are searched at once, and rings that one search takes in.
STARTS_AT_ONCE = 200
MOST_FOUND = 10_000

_AGENT, _JOB, _WITHDRAWAL = (f'"{model._meta.db_table}"' for model in (Agent, Job, Withdrawal))
CONSTANTS = {
    "days": DAYS,
    "share": LEAST_SHARE,
    "longest": LONGEST_RING,
    "full_price": FULL_PRICE,
    "starts": STARTS_AT_ONCE,
    "most": MOST_FOUND,
}

# From each worker to those who gave it much of its work: four at most, by LEAST_SHARE, however many jobs there are.
STEPS = f"""
CREATE TEMPORARY TABLE suspicious_step ON COMMIT DROP AS
WITH paid AS (
    SELECT {hand("w")} AS worker, {hand("p")} AS client, count(*) AS jobs, max(j.price) AS dearest
    FROM {_JOB} j JOIN {_AGENT} w ON w.id = j.worker_id JOIN {_AGENT} p ON p.id = j.poster_id
    WHERE j.status = 'COMPLETED' AND j.completed_at > now() - make_interval(days => %(days)s)
        AND j.terms->>'fund_on' <> 'never'
    GROUP BY 1, 2
), shares AS (
    SELECT worker, client, dearest, jobs / sum(jobs) OVER (PARTITION BY worker) AS share FROM paid
)
SELECT worker, client FROM shares WHERE share >= %(share)s AND dearest < %(full_price)s
    AND client IN (SELECT worker FROM paid) AND worker IN (SELECT client FROM paid)
"""  # noqa: S608

STARTS = """
    SELECT DISTINCT worker FROM suspicious_step WHERE worker > %(after)s ORDER BY worker LIMIT %(starts)s
"""
LAST_START = f"SELECT max(worker) FROM ({STARTS}) starts"  # noqa: S608

# On from these, until somebody comes up again. A path begins with the least of its hands, so that each ring is found
# once. In a path of LONGEST_RING steps at most, four ways each, 200 starts have at most 272,800 paths: that is all that
# is in memory at once, and what does not fit there PostgreSQL puts on disk.
RINGS = f"""
WITH RECURSIVE paths AS (
    SELECT ARRAY[worker, client] AS hands, false AS is_closed FROM suspicious_step
    WHERE client > worker AND worker IN ({STARTS})
    UNION ALL
    SELECT paths.hands || steps.client, steps.client = paths.hands[1]
    FROM paths JOIN suspicious_step steps ON steps.worker = paths.hands[cardinality(paths.hands)]
    WHERE NOT paths.is_closed AND cardinality(paths.hands) <= %(longest)s AND (steps.client = paths.hands[1]
        OR steps.client > paths.hands[1] AND steps.client <> ALL (paths.hands))
)
SELECT encode(sha256(convert_to((SELECT string_agg(hand, ' ' ORDER BY hand) FROM unnest(hands[2:]) hand), 'UTF8')),
    'hex'), hands[2:] FROM paths WHERE is_closed LIMIT %(most)s
"""  # noqa: S608

# Two who are paid out at one address are one, or share a keeper; whoever looks at it can tell.
ADDRESSES = f"""
SELECT w.address, array_agg(DISTINCT {hand("a")}) FROM {_WITHDRAWAL} w JOIN {_AGENT} a ON a.id = w.agent_id
GROUP BY w.address HAVING count(DISTINCT {hand("a")}) > 1
"""  # noqa: S608


def find(kind: Suspicion.Kind) -> dict[str, list[str]]:
    """The hands by the key of what was found."""
    return _rings() if kind == Suspicion.Kind.RING else _addresses()


@transaction.atomic
def _rings() -> dict[str, list[str]]:
    """A part of the starts at a time, so that neither memory nor a statement grows with the number of jobs."""
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.suspicious_step")
        cursor.execute(STEPS, CONSTANTS)
        cursor.execute("CREATE INDEX ON suspicious_step (worker); ANALYZE suspicious_step")
        after: str | None = ""
        while after is not None and len(found) < MOST_FOUND:
            cursor.execute(RINGS, {**CONSTANTS, "after": after})
            found |= dict(cursor.fetchall())
            cursor.execute(LAST_START, {**CONSTANTS, "after": after})
            [after] = cursor.fetchone()
    return found


def _addresses() -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(ADDRESSES)
        return dict(cursor.fetchall())
