"""How many jobs each filter would leave, without counting them all.

The newest jobs of each status are looked at in one statement, however many there are: where a status has more, a count
says "at least". Only jobs that everybody may know of are counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jobs.lifecycle import Status
from jobs.listing import FILTERS, Wanted, read, visible_to
from jobs.search import NEWEST_FIRST, Condition, all_of
from marketplace.database import prepared_cursor
from marketplace.money import MICRO

# Newest jobs of each status that are looked at.
MOST_COUNTED = 1000
MOST_SKILLS_SHOWN = 12
PUBLIC = [status for status in Status if status != Status.DRAFT]
# Parameters of a list by the facet that they belong to; words and skills narrow every facet.
FACETS = {
    "category": ("vertical",),
    "budget": ("minBudget", "maxBudget"),
    "deadline": ("deadlineWithinHours",),
    "bidding": ("biddingRule",),
}
# Whole USDC, from and to; None: no limit.
BUDGETS: dict[str, tuple[int | None, int | None]] = {
    "0-10": (None, 10),
    "10-50": (10, 50),
    "50-200": (50, 200),
    "200-1000": (200, 1000),
    "1000-": (1000, None),
}
HOURS = (24, 72, 168, 720)
COLUMNS = "status, upper(vertical) AS category, budget, skills, deadline_at, terms->>'bidding' AS bidding"
# How the jobs that a facet is about are told apart: its values, and what stands between them and the jobs.
VALUES = {
    "category": "SELECT category AS value FROM found WHERE category <> ''",
    "budget": "SELECT range.name FROM found JOIN (VALUES {}) range(name, low, high)"
    " ON budget BETWEEN low AND coalesce(high, budget)",
    "deadline": "SELECT hours::text FROM found JOIN unnest(ARRAY[{}]) hours"
    " ON deadline_at <= now() + make_interval(hours => hours)",
    "bidding": "SELECT bidding FROM found",
    "skills": "SELECT skill FROM found, unnest(skills) skill",
    "status": "SELECT status FROM found",
}


@dataclass
class Counts:
    """How many there are of each value of each facet; `is_partial` where there may be more of any status but those."""

    of: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    cut: set[str] = field(default_factory=set)
    statuses: tuple[str, ...] = ()

    @property
    def is_partial(self) -> bool:
        """Whether older jobs were left out of the counts of all facets but the status."""
        return bool(self.cut & set(self.statuses))


def count(asked: Mapping[str, str]) -> Counts:
    """How many jobs each value of each facet would show beside all else that is asked. Raises Invalid."""
    wanted = read({name: value for name, value in asked.items() if name not in ("cursor", "sort", "limit")})
    statuses = wanted.statuses or tuple(status.value for status in PUBLIC)
    query = _query(asked, wanted, statuses)
    counts = Counts(statuses=statuses)
    with prepared_cursor() as cursor:
        cursor.execute(query.sql, query.parameters)
        for facet, value, number in cursor.fetchall():
            if facet == "looked at":
                counts.cut |= {value} if number == MOST_COUNTED else set()
            else:
                counts.of[facet][value] = number
    return counts


def _query(asked: Mapping[str, str], wanted: Wanted, statuses: tuple[str, ...]) -> Condition:
    flags = dict(_flags(asked, wanted, statuses))
    newest = " UNION ALL ".join(
        f"(SELECT job.* FROM jobs_job job WHERE {visible_to(None).sql} AND job.status = '{status}'"
        f" {NEWEST_FIRST} LIMIT {MOST_COUNTED})"
        for status in PUBLIC
    )
    told = ", ".join(f"({flag.sql}) AS of_{name}" for name, flag in flags.items())
    tables = ["SELECT 'looked at' AS facet, status AS value, count(*) AS number FROM near GROUP BY status"]
    for facet, values in VALUES.items():
        others = " AND ".join(f"of_{name}" for name in flags if name != facet)
        limit = f"ORDER BY 3 DESC, 2 LIMIT {MOST_SKILLS_SHOWN}" if facet == "skills" else ""
        found = values.format(_ranges() if facet == "budget" else ", ".join(map(str, HOURS)))
        tables.append(
            f"(WITH found AS (SELECT * FROM near WHERE {others}), valued(value) AS ({found})"
            f" SELECT '{facet}', value, count(*) FROM valued GROUP BY value {limit})"
        )
    sql = f"WITH near AS MATERIALIZED (SELECT {COLUMNS}, {told} FROM ({newest}) job) {' UNION ALL '.join(tables)}"
    return Condition(sql, tuple(value for flag in flags.values() for value in flag.parameters))


def _flags(asked: Mapping[str, str], wanted: Wanted, statuses: tuple[str, ...]) -> Iterator[tuple[str, Condition]]:
    """For each facet whether a job is among what is asked by it, and for the words and skills as one more."""
    for facet, names in FACETS.items():
        sent = {name: asked[name].strip() for name in names if asked.get(name, "").strip()}
        yield facet, all_of([FILTERS[name](value, name) for name, value in sent.items()])
    yield "status", Condition("job.status = ANY(%s)", (list(statuses),))
    yield "words", wanted.match.of_a_row() if wanted.match else all_of([])


def _ranges() -> str:
    rows = [
        f"('{name}', {(low or 0) * MICRO}, {high * MICRO if high else 'NULL'}::bigint)"
        for name, (low, high) in BUDGETS.items()
    ]
    return ", ".join(rows)
