"""The newest jobs that match words or skills, at a cost that no choice of words can raise far (docs/decisions.md).

PostgreSQL has two ways to the newest matches of a word: along the newest jobs until enough match, or from the index of
words. The first takes for ever for a word of old jobs, the second reads all matches of a common word, and the planner
cannot tell them apart. So a bounded number of the newest jobs is looked at first; what is missing then comes from the
index of words, one stretch of time after the other, which every job's tsvector names (`jobs.epochs`).
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection, transaction

from jobs.epochs import EPOCHS, SKILL
from marketplace.database import prepared_cursor

# Newest jobs that are looked at one by one.
MOST_WALKED = 300
# The newest matches that are ranked against each other.
CANDIDATES = 100
NEWEST_FIRST = "ORDER BY job.created_at DESC, job.id DESC"
# Those that match, and the last of all, which says that there may be more behind it.
WALK = f"""
    SELECT id, created_at, hit FROM (
        SELECT newest.*, row_number() OVER (ORDER BY created_at DESC, id DESC) AS number FROM (
            SELECT job.id, job.created_at, {{match}} AS hit FROM jobs_job job WHERE {{where}}
             {NEWEST_FIRST} LIMIT {MOST_WALKED}
        ) newest
    ) walked WHERE hit OR number = {MOST_WALKED} ORDER BY number LIMIT %s
"""
PLAIN_WORDS = re.compile(r"[\w\s]*\w")
# Words that an unfinished one may become, where the index is read: it reads all that has any of them.
MOST_ENDINGS = 30
# Matches in a stretch of time that are read at once.
FEW = 200
# Matches that are sorted otherwise than by age.
MOST_SORTED = 5000
# Of any word the planner thinks that it is spread evenly, and that a walk along the jobs comes to an end: it has no
# choice, and need not think anew each time.
BY_BITMAP = """SELECT set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true),
    set_config('plan_cache_mode', 'force_generic_plan', true)"""


@dataclass(frozen=True)
class Condition:
    """SQL about `job`, with its parameters."""

    sql: str
    parameters: tuple[Any, ...] = ()


def all_of(conditions: list[Condition]) -> Condition:
    """True where all of them are."""
    parameters = tuple(value for condition in conditions for value in condition.parameters)
    return Condition(" AND ".join(condition.sql for condition in conditions) or "true", parameters)


@dataclass(frozen=True)
class Match:
    """Words as people type them into a search box, the last of plain ones perhaps unfinished; skills, all of them."""

    words: str
    skills: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.words or self.skills)

    @property
    def tsquery(self) -> Condition:
        """Of the words."""
        typed = Condition("websearch_to_tsquery('english', %s)", (self.words,))
        if not PLAIN_WORDS.fullmatch(self.words):
            return typed
        unfinished = " & ".join(self.words.split()) + ":*"
        return Condition(f"({typed.sql} || to_tsquery('english', %s))", (self.words, unfinished))

    def of_a_row(self) -> Condition:
        """For rows that are at hand."""
        return self._condition(self.tsquery)

    def of_the_index(self) -> Condition:
        """For the index, which would read all that begins with an unfinished word, at every question anew."""
        *before, last = self.words.split() or [""]
        if not last or not PLAIN_WORDS.fullmatch(self.words):
            return self._condition(self.tsquery)
        with connection.cursor() as cursor:
            cursor.execute(ENDINGS, [last.lower().replace("_", "\\_") + "%", MOST_ENDINGS])
            endings = [last, *(word for (word,) in cursor.fetchall())]
        meant = " & ".join([*before, f"({' | '.join(endings)})"])
        return self._condition(Condition("to_tsquery('english', %s)", (meant,)))

    def _condition(self, tsquery: Condition) -> Condition:
        parts = [tsquery] if self.words else []
        if self.skills:
            quoted = [skill.replace("\\", "\\\\").replace("'", "''") for skill in self.skills]
            parts.append(Condition("%s::tsquery", (" & ".join(f"'{SKILL}{skill}'" for skill in quoted),)))
        return all_of([Condition(f"job.search @@ {part.sql}", part.parameters) for part in parts])


ENDINGS = "SELECT word FROM jobs_jobword WHERE word LIKE %s ORDER BY length(word), word LIMIT %s"


def newest_matches(match: Match, where: Condition, since: str | None, wanted: int) -> list[Any]:
    """Ids and moments of the newest jobs that match, newest first. `where` holds for all of them, a cursor included;
    none is newer than `since`, if that is given."""
    this = match.of_a_row()
    with prepared_cursor() as cursor:
        sql = WALK.format(match=this.sql, where=where.sql)
        cursor.execute(sql, (*this.parameters, *where.parameters, wanted + 1))
        walked = cursor.fetchall()
    found = [(id, created_at) for id, created_at, is_match in walked if is_match][:wanted]
    is_all = len(walked) <= wanted and all(is_match for *_, is_match in walked)
    return found if len(found) == wanted or is_all else _by_stretches(match, where, since, wanted)


def _by_stretches(match: Match, where: Condition, since: str | None, wanted: int) -> list[Any]:
    query = _stretch(0, match.of_the_index(), where, wanted)
    with transaction.atomic(), prepared_cursor() as cursor:
        ends = "coalesce(%s::timestamptz, now()), (SELECT min(created_at) FROM jobs_job)"
        cursor.execute(f"{BY_BITMAP}, {ends}", [since])
        *_, newest, oldest = cursor.fetchone()
        number = f"extract(epoch FROM %s::timestamptz)::bigint / {next(iter(EPOCHS.values()))}"
        sql = f"SELECT found.* FROM generate_series({number}, {number}, -1) AS stretch_0, {query.sql} LIMIT %s"
        cursor.execute(sql, (newest, oldest, *query.parameters, wanted))
        return list(cursor.fetchall())


def _stretch(level: int, match: Condition, where: Condition, wanted: int) -> Condition:
    """The newest matches within a stretch of time: all at once if they are few, or else from the shorter stretches."""
    sign, length = list(EPOCHS.items())[level]
    here = Condition(f"{match.sql} AND job.search @@ ('{sign}' || stretch_{level})::tsquery", match.parameters)
    these = all_of([here, where])
    find = f"SELECT job.id, job.created_at FROM jobs_job job WHERE {{}}{these.sql} {NEWEST_FIRST} LIMIT {wanted}"
    if level == len(EPOCHS) - 1:
        return Condition(f"LATERAL ({find.format('')}) found", these.parameters)
    parts = length // list(EPOCHS.values())[level + 1]
    first = f"stretch_{level} * {parts}"
    shorter = _stretch(level + 1, match, where, wanted)
    some, matches = f"SELECT FROM jobs_job job WHERE {here.sql} LIMIT {FEW}", f"size_{level}.matches"
    sql = f"""
        LATERAL (SELECT count(*) AS matches FROM ({some}) found) size_{level},
        LATERAL (({find.format(f"{matches} BETWEEN 1 AND {FEW - 1} AND ")}) UNION ALL (
            SELECT found.* FROM generate_series({first} + {parts - 1}, {first}, -1) stretch_{level + 1}, {shorter.sql}
             WHERE {matches} = {FEW} LIMIT {wanted})) found"""
    return Condition(sql, here.parameters + these.parameters + shorter.parameters)


def few_sorted(match: Match, where: Condition, order: str, wanted: int) -> list[Any] | None:
    """Ids of the first of all that match, in that order; None when too many match to be sorted."""
    this = match.of_the_index()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BY_BITMAP)
        cursor.execute(
            f"SELECT count(*) FROM (SELECT FROM jobs_job job WHERE {this.sql} LIMIT {MOST_SORTED}) found",
            this.parameters,
        )
        if cursor.fetchone()[0] == MOST_SORTED:
            return None
        these = all_of([this, where])
        cursor.execute(f"SELECT id FROM jobs_job job WHERE {these.sql} {order} LIMIT {wanted}", these.parameters)
        return [id for (id,) in cursor.fetchall()]


# Typing errors

SIMILAR = "SELECT word FROM jobs_jobword WHERE word %% %s ORDER BY word <-> %s, word LIMIT 1"
LETTERS = re.compile(r"[^\W\d_]{4,30}")


def corrected(match: Match) -> Match | None:
    """With the words that no open job has replaced by the most similar that one has; None when there is none."""
    known: dict[str, str] = {}
    with connection.cursor() as cursor:
        for word in {word.lower() for word in LETTERS.findall(match.words)}:
            cursor.execute(SIMILAR, (word, word))
            if similar := cursor.fetchone():
                known[word] = similar[0]
    meant = LETTERS.sub(lambda found: known.get(found[0].lower(), found[0]), match.words)
    return None if meant.lower() == match.words.lower() else replace(match, words=meant)
