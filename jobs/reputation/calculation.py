"""The computation of reputation, for any number of agents in one statement (docs/reputation.md).

A hand is who decides for an agent: its person or owner. Whatever agents a person has, they are one client and one
counterparty; whoever works for somebody who works for them, or is suspected of dealing with themselves
(`jobs.suspicions`), earns nothing by it (SURVIVE M1).
"""

from agents.models import Agent, TrackRecord
from agents.reputation import FADING, FULL_PRICE, MOST_STARS_REFUNDED, PARTS, PRIOR
from jobs.agreements.models import EarlyEnd
from jobs.models import Job, Submission
from jobs.reviews.models import Review
from jobs.suspicions.models import Suspect, Suspicion

CONSTANTS = {"prior": PRIOR, "full_price": FULL_PRICE, "fading": FADING, "most_stars": MOST_STARS_REFUNDED} | {
    f"{part.name}_{constant}": getattr(part, constant) for part in PARTS for constant in ("weight", "prior_jobs")
}
# Beyond that many jobs for one client the next counts as nothing, and PostgreSQL would call the factor an underflow.
MOST_FADES = 60

_AGENT, _RECORD, _JOB, _EARLY_END, _SUBMISSION, _REVIEW, _SUSPICION, _SUSPECT = (
    f'"{model._meta.db_table}"' for model in (Agent, TrackRecord, Job, EarlyEnd, Submission, Review, Suspicion, Suspect)
)
_COLUMNS = [f"{part.name}_{half}" for part in PARTS for half in ("good", "jobs")]
_REPUTATION = " + ".join(
    f"%({part.name}_weight)s::float8 * ((%(prior)s::float8 * %({part.name}_prior_jobs)s + {part.name}_good)"
    f" / (%({part.name}_prior_jobs)s + {part.name}_jobs))"
    for part in PARTS
)


def hand(agent: str) -> str:
    """SQL: who decides for the agent of that alias."""
    return f"coalesce(coalesce({agent}.user_id, {agent}.owner_id)::text, {agent}.id::text)"


def _faded(partition: str) -> str:
    """The worth of a job, faded by those of the same client that ended after it."""
    return (
        "worth * power(%(fading)s::float8,"
        f" least({MOST_FADES}, row_number() OVER (PARTITION BY {partition} ORDER BY ended_at DESC, id DESC) - 1))"
    )


# Names of tables and columns are the program's own; values are parameters.
CALCULATION = f"""
WITH hands AS (
    SELECT DISTINCT coalesce(user_id, owner_id) AS hand FROM {_AGENT} WHERE id = ANY (%(agents)s)
), due_ids AS (
    SELECT id FROM {_AGENT} WHERE id = ANY (%(agents)s)
    UNION SELECT a.id FROM hands h JOIN {_AGENT} a ON a.user_id = h.hand
    UNION SELECT a.id FROM hands h JOIN {_AGENT} a ON a.owner_id = h.hand
), due AS (
    SELECT a.id, {hand("a")} AS hand FROM due_ids d JOIN {_AGENT} a ON a.id = d.id
), hired AS (
    SELECT DISTINCT d.hand, {hand("w")} AS other
    FROM due d JOIN {_JOB} j ON j.poster_id = d.id AND j.terms->>'fund_on' <> 'never'
        AND (j.status = 'COMPLETED' OR j.status = 'CANCELLED'
            AND EXISTS (SELECT FROM {_EARLY_END} early WHERE early.job_id = j.id AND early.how = 'AGREED'))
    JOIN {_AGENT} w ON w.id = j.worker_id
), suspected AS (
    SELECT d.hand, {hand("o")} AS other
    FROM due d JOIN {_SUSPECT} one ON one.agent_id = d.id
    JOIN {_SUSPICION} s ON s.id = one.suspicion_id AND s.verdict <> 'DISMISSED'
    JOIN {_SUSPECT} another ON another.suspicion_id = s.id JOIN {_AGENT} o ON o.id = another.agent_id
), worthless AS (
    SELECT hand, other FROM hired UNION SELECT hand, other FROM suspected
), deals AS (
    SELECT j.*, d.id AS agent, d.hand, {hand("p")} AS other, coalesce(j.completed_at, j.cancelled_at) AS ended_at,
        early.how, early.to_poster
    FROM due d JOIN {_JOB} j ON j.worker_id = d.id JOIN {_AGENT} p ON p.id = j.poster_id
    LEFT JOIN {_EARLY_END} early ON early.job_id = j.id
    WHERE j.terms->>'fund_on' <> 'never' AND (j.status = 'COMPLETED' OR j.status = 'CANCELLED'
        AND (j.started_at IS NOT NULL OR j.cancelled_at > j.promised_at
            OR early.how = 'GIVEN_BACK' AND j.promised_at IS NOT NULL))
), judged AS (
    SELECT deal.id, deal.agent, deal.other, deal.ended_at, review.rating,
        CASE WHEN worthless.hand IS NULL THEN least(1, deal.price / %(full_price)s::float8) ELSE 0 END AS worth,
        (review.rating - 1) / 4.0::float8 AS ratings,
        CASE WHEN deal.how = 'AGREED' THEN NULL ELSE (deal.status = 'COMPLETED')::int END AS completion,
        CASE WHEN deal.how IS NULL THEN (first.created_at <= coalesce(deal.promised_at, deal.deadline_at))::int END
            AS punctuality,
        CASE WHEN deal.how IS NULL THEN 1 - coalesce(deal.refund, 0) / deal.price::float8 END AS disputes
    FROM deals deal
    LEFT JOIN worthless ON worthless.hand = deal.hand AND worthless.other = deal.other
    LEFT JOIN {_SUBMISSION} first ON first.job_id = deal.id AND first.number = 1
    LEFT JOIN {_REVIEW} review
        ON review.job_id = deal.id AND review.subject_id = deal.agent AND review.revealed_at IS NOT NULL
        AND (review.rating <= %(most_stars)s
            OR deal.status = 'COMPLETED' AND 2 * coalesce(deal.refund, 0) <= deal.price
            OR deal.how = 'AGREED' AND 2 * deal.to_poster <= deal.price)
), weighed AS (
    SELECT judged.*, {_faded("agent, other")} AS weight, {_faded("agent, other, rating IS NULL")} AS rated
    FROM judged
), tallies AS (
    SELECT d.id AS agent, count(rating) AS rating_count, coalesce(avg(rating), 0)::float8 AS rating_average,
        coalesce(sum(rated * ratings), 0) AS ratings_good,
        coalesce(sum(rated) FILTER (WHERE rating IS NOT NULL), 0) AS ratings_jobs,
        coalesce(sum(weight * completion), 0) AS completion_good,
        coalesce(sum(weight) FILTER (WHERE completion IS NOT NULL), 0) AS completion_jobs,
        coalesce(sum(weight * punctuality), 0) AS punctuality_good,
        coalesce(sum(weight) FILTER (WHERE punctuality IS NOT NULL), 0) AS punctuality_jobs,
        coalesce(sum(weight * disputes), 0) AS disputes_good,
        coalesce(sum(weight) FILTER (WHERE disputes IS NOT NULL), 0) AS disputes_jobs
    FROM due d LEFT JOIN weighed ON weighed.agent = d.id GROUP BY d.id
), records AS (
    INSERT INTO {_RECORD} (agent_id, {", ".join(_COLUMNS)}) SELECT agent, {", ".join(_COLUMNS)} FROM tallies
    ON CONFLICT (agent_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)}
)
UPDATE {_AGENT} SET reputation = {_REPUTATION}, rating_average = tallies.rating_average,
    rating_count = tallies.rating_count, reputation_computed_at = statement_timestamp()
FROM tallies WHERE tallies.agent = {_AGENT}.id
"""  # noqa: S608
