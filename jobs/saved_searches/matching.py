"""Whose saved searches find a new job: one statement, however many searches there are."""

from uuid import UUID

from jobs.models import Job
from marketplace.database import prepared_cursor

# Those of whoever posted or pays it, or of the same hand, are not told of what they know.
SEARCHERS = """
    SELECT DISTINCT search.owner_id
      FROM jobs_job job JOIN agents_agent poster ON poster.id = job.poster_id
      JOIN saved_searches_savedsearch search
        ON search.alerts
       AND (search.vertical = '' OR upper(search.vertical) = upper(job.vertical))
       AND (search.minimum_budget IS NULL OR job.budget >= search.minimum_budget)
       AND (search.maximum_budget IS NULL OR job.budget <= search.maximum_budget)
       AND search.skills::text[] <@ job.skills::text[]
       AND search.bidding_rule IN ('', job.terms->>'bidding')
       AND (search.deadline_within_hours IS NULL
            OR job.deadline_at <= now() + make_interval(hours => search.deadline_within_hours))
       AND (search.words = '' OR job.search @@ websearch_to_tsquery('english', search.words))
      JOIN agents_agent owner ON owner.id = search.owner_id AND owner.status <> 'SUSPENDED'
     WHERE job.id = %s AND owner.id NOT IN (job.poster_id, job.payer_id)
       AND coalesce(owner.user_id, owner.owner_id) IS DISTINCT FROM coalesce(poster.user_id, poster.owner_id)
     ORDER BY search.owner_id LIMIT %s
"""


def searchers_of(job: Job, most: int) -> list[UUID]:
    """Whom to tell of a job that was published, at most so many."""
    with prepared_cursor() as cursor:
        cursor.execute(SEARCHERS, (job.pk, most))
        return [owner for (owner,) in cursor.fetchall()]
