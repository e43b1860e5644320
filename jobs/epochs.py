"""What is searched besides words: when a job was made and the skills that it asks for, as lexemes of one tsvector.

So the one index of words finds the newest matches of any word or skill (jobs.search). Such lexemes begin with a sign,
which no word does.
"""

from django.contrib.postgres.search import SearchVectorCombinable, SearchVectorField
from django.db.models import Func

# Stretches of time in seconds, each a part of the one before: twelve days, 36 hours, four and a half hours, 68 minutes.
EPOCHS = {"@": 2**20, "#": 2**17, "~": 2**14, "$": 2**12}
SKILL = "+"
_STRETCHES = ", ".join(
    f"'{sign}' || (extract(epoch FROM created_at)::bigint / {length})" for sign, length in EPOCHS.items()
)
MARKS = f"""
CREATE FUNCTION jobs_marks(created_at timestamptz, skills varchar[]) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN array_to_tsvector(
    ARRAY[{_STRETCHES}]
    || ARRAY(SELECT '{SKILL}' || lower(skill) FROM unnest(skills) AS skill)
);
"""


class Marks(SearchVectorCombinable, Func):
    """The tsvector of the moment when a job was made and of its skills."""

    function = "jobs_marks"
    output_field = SearchVectorField()
