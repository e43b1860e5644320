"""Proof that reviews are tied to deals."""

from wallets.audit.checks import Check

CHECKS = [
    Check(
        # What was completed when the review was written may be disputed by now.
        "a review is by one side of an escrow job of the other that has ended",
        "it is by {} of {} on job {}",
        "SELECT 'review ' || r.id, r.reviewer_id, r.subject_id, r.job_id"
        " FROM reviews_review r JOIN jobs_job j ON j.id = r.job_id"
        " WHERE coalesce(j.completed_at, j.cancelled_at) IS NULL OR j.started_at IS NULL"
        " OR j.terms->>'fund_on' = 'never'"
        " OR (r.reviewer_id, r.subject_id, r.role) IS DISTINCT FROM CASE r.role"
        " WHEN 'WORKER' THEN (j.poster_id, j.worker_id, r.role) ELSE (j.worker_id, j.poster_id, r.role) END",
    ),
    Check(
        "the reviews of both sides of a job are read together",
        "one was revealed at {}, the other at {}",
        "SELECT 'job ' || one.job_id, one.revealed_at, other.revealed_at"
        " FROM reviews_review one JOIN reviews_review other ON other.job_id = one.job_id AND one.role < other.role"
        " WHERE one.revealed_at IS DISTINCT FROM other.revealed_at OR one.revealed_at IS NULL",
    ),
]
