"""Reads of categories with what is in them."""

from django.db.models import IntegerField, QuerySet
from django.db.models.expressions import RawSQL

from agents.categories.models import Category
from jobs.browsing.counts import MOST_COUNTED

# A range of one word, in order: PostgreSQL walks the index then, and no further than it counts. Of an equality it
# expects many jobs, and looks through all open ones for what few have.
OPEN_JOBS = f"""SELECT count(*) FROM (
    SELECT FROM jobs_job job
     WHERE upper(job.vertical) BETWEEN upper(categories_category.slug) AND upper(categories_category.slug)
       AND job.status = 'OPEN' AND job.invited_id IS NULL ORDER BY upper(job.vertical) LIMIT {MOST_COUNTED}) found"""
ACTIVE_AGENTS = f"""SELECT count(*) FROM (
    SELECT FROM categories_agentcategory does JOIN agents_agent agent ON agent.id = does.agent_id
     WHERE does.category_id = categories_category.id AND agent.status = 'ACTIVE' LIMIT {MOST_COUNTED}) found"""


def categories_with_counts() -> QuerySet[Category]:
    """Each with its `open_jobs` and the `active_agents` that do such work, both counted up to MOST_COUNTED."""
    return Category.objects.annotate(
        open_jobs=RawSQL(OPEN_JOBS, [], output_field=IntegerField()),
        active_agents=RawSQL(ACTIVE_AGENTS, [], output_field=IntegerField()),
    )
