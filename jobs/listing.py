"""Lists of jobs, a page at a time: what is asked for, in one query along an index (FEATURES J3, J6; WIRE 1.5)."""

import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.conf import settings
from django.utils.crypto import salted_hmac

from agents.models import Agent
from jobs.bidding import RULES
from jobs.lifecycle import Status
from jobs.rows import VERSION
from jobs.search import CANDIDATES, Condition, Match, all_of, corrected, few_sorted, newest_matches
from jobs.shown import shown
from marketplace.api.pagination import DEFAULT_LIMIT, MAX_LIMIT
from marketplace.database import prepared_cursor
from marketplace.errors import Invalid
from marketplace.money import parse_usdc

LONGEST_WORDS = 200
MOST_SKILLS = 20
LONGEST_SKILL = 50
NEWEST, RELEVANCE = "newest", "relevance"
# What a list reads of its jobs: how they are sorted, and which of those it has shown before are still the same.
ROW = "job.xmin, job.ctid, job.*"
PLACE = f"job.id::text, {VERSION} AS version, job.created_at::text, job.budget, job.deadline_at::text"


class Place(NamedTuple):
    """Where a job is in a list, and its version."""

    id: str
    version: str
    created_at: str
    budget: int
    deadline_at: str


@dataclass(frozen=True)
class Order:
    """How a list is sorted: a column of Place, then the id, both in one direction."""

    column: str
    type: str
    descending: bool = False

    @property
    def sql(self) -> str:
        direction = "DESC" if self.descending else "ASC"
        return f"ORDER BY job.{self.column} {direction}, job.id {direction}"

    def beyond(self, place: list[Any]) -> Condition:
        """Rows after the place of a cursor."""
        sign = "<" if self.descending else ">"
        return Condition(f"(job.{self.column}, job.id) {sign} (%s::{self.type}, %s::uuid)", tuple(place))

    def place_of(self, row: Place) -> list[Any]:
        return [getattr(row, self.column), row.id]


ORDERS = {
    NEWEST: Order("created_at", "timestamptz", descending=True),
    "budget_asc": Order("budget", "bigint"),
    "budget_desc": Order("budget", "bigint", descending=True),
    "deadline": Order("deadline_at", "timestamptz"),
}
SORTS = (*ORDERS, RELEVANCE)


@dataclass(frozen=True)
class Listing:
    """A page: the JSON of its jobs, and the cursor of the next one, if there is one."""

    written: list[bytes]
    next_cursor: str | None

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """The members of each."""
        return [orjson.loads(job) for job in self.written]

    def body(self) -> bytes:
        """The answer of the API. The total is unknown on purpose: counting costs more than the page. Clients want the
        key (WIRE 1.5)."""
        meta = orjson.dumps({"nextCursor": self.next_cursor, "total": None})
        return b'{"data":[' + b",".join(self.written) + b'],"meta":' + meta + b"}"


@dataclass(frozen=True)
class Found:
    """The places of a page's jobs, the cursor of the next one, and the words that were put right, if any were."""

    places: list[Place]
    next_cursor: str | None
    meant: str = ""


@dataclass(frozen=True)
class Wanted:
    """What a caller asks of a list, read and checked."""

    conditions: tuple[Condition, ...]
    statuses: tuple[str, ...]
    match: Match
    sort: str
    limit: int
    cursor: str | None

    @property
    def wants_drafts(self) -> bool:
        return Status.DRAFT.value in self.statuses


# Reading what is asked for


def read(sent: Mapping[str, str]) -> Wanted:
    """Of the parameters in an address; empty and unknown ones mean nothing. Raises Invalid naming the parameter."""
    asked = {name: value.strip() for name, value in sent.items() if value.strip()}
    for name, value in asked.items():
        if len(value) > 1000 and name in PARAMETERS:
            raise Invalid.field(name, "Must have at most 1000 characters.")
    conditions = [FILTERS[name](asked[name], name) for name in FILTERS.keys() & asked.keys()]
    words = asked.get("q", "")
    if len(words) > LONGEST_WORDS:
        raise Invalid.field("q", f"Must have at most {LONGEST_WORDS} characters.")
    return Wanted(
        conditions=tuple(conditions),
        statuses=_statuses(asked.get("status", "")),
        match=Match(words, _skills(asked.get("skills", ""))),
        sort=_sort(asked.get("sort", ""), has_words=bool(words)),
        limit=_limit(asked.get("limit", str(DEFAULT_LIMIT))),
        cursor=asked.get("cursor"),
    )


def _statuses(text: str) -> tuple[str, ...]:
    words = tuple(sorted({word.strip().upper() for word in text.split(",") if word.strip()}))
    if not set(words) <= set(Status.values):
        raise Invalid.field("status", f"Must be a list of {', '.join(Status.values)}, separated by commas.")
    return words


def _skills(text: str) -> tuple[str, ...]:
    skills = tuple(skill.strip().lower() for skill in text.split(",") if skill.strip())
    if len(skills) > MOST_SKILLS:
        raise Invalid.field("skills", f"Must be at most {MOST_SKILLS} skills.")
    if any(len(skill) > LONGEST_SKILL for skill in skills):
        raise Invalid.field("skills", f"No skill has more than {LONGEST_SKILL} characters.")
    return skills


def _sort(word: str, *, has_words: bool) -> str:
    if not word:
        return RELEVANCE if has_words else NEWEST
    if word not in SORTS:
        raise Invalid.field("sort", f"Must be one of {', '.join(SORTS)}.")
    if word == RELEVANCE and not has_words:
        raise Invalid.field("sort", "Relevance needs words in q.")
    return word


def _limit(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,3}", text) and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    raise Invalid.field("limit", f"Must be a whole number from 1 to {MAX_LIMIT}.")


def _refers_to(column: str, table: str, name: str) -> Callable[[str, str], Condition]:
    """By UUID, or by handle or slug."""

    def condition(reference: str, parameter: str) -> Condition:
        try:
            return Condition(f"job.{column} = %s::uuid", (str(UUID(reference)),))
        except ValueError:
            chosen = f"(SELECT id FROM {table} WHERE {name} = %s)"
            return Condition(f"job.{column} = {chosen}", (reference.lower(),))

    return condition


def _vertical(text: str, parameter: str) -> Condition:
    return Condition("upper(job.vertical) = upper(%s)", (text,))


def _budget(sign: str) -> Callable[[str, str], Condition]:
    return lambda text, parameter: Condition(f"job.budget {sign} %s", (parse_usdc(text, parameter),))


def _funded(text: str, parameter: str) -> Condition:
    if text.lower() not in ("true", "false", "1", "0"):
        raise Invalid.field(parameter, "Must be true or false.")
    held = """EXISTS (SELECT FROM wallets_account WHERE job_id = job.id AND kind = 'ESCROW' AND owner_id IS NULL
                      AND balance > 0)"""
    return Condition(held if text.lower() in ("true", "1") else f"NOT {held}")


def _bidding_rule(text: str, parameter: str) -> Condition:
    if text.lower() not in RULES:
        raise Invalid.field(parameter, f"Must be one of {', '.join(RULES)}.")
    return Condition("job.terms->>'bidding' = %s", (text.lower(),))


def _deadline_within(text: str, parameter: str) -> Condition:
    if not re.fullmatch(r"[0-9]{1,5}", text):
        raise Invalid.field(parameter, "Must be a whole number of hours, at most 99999.")
    return Condition("job.deadline_at <= now() + make_interval(hours => %s)", (int(text),))


FILTERS: dict[str, Callable[[str, str], Condition]] = {
    "vertical": _vertical,
    "biddingRule": _bidding_rule,
    "deadlineWithinHours": _deadline_within,
    "templateId": _refers_to("template_id", "jobs_jobtemplate", "slug"),
    "posterId": _refers_to("poster_id", "agents_agent", "handle"),
    "agentId": _refers_to("worker_id", "agents_agent", "handle"),
    "funded": _funded,
    "minBudget": _budget(">="),
    "minBudgetUsdc": _budget(">="),
    "maxBudget": _budget("<="),
    "maxBudgetUsdc": _budget("<="),
}
PARAMETERS: dict[str, tuple[dict[str, Any], str]] = {
    "status": ({"type": "string"}, f"{', '.join(Status.values)} in any case, several separated by commas."),
    "vertical": ({"type": "string"}, "In any case."),
    "templateId": ({"type": "string"}, "UUID or slug."),
    "posterId": ({"type": "string"}, "UUID or handle of who posted it."),
    "agentId": ({"type": "string"}, "UUID or handle of who works on it."),
    "funded": ({"type": "boolean"}, "Whether there is money in its escrow."),
    "q": (
        {"type": "string", "maxLength": LONGEST_WORDS},
        "Words of title and description; the last may be unfinished.",
    ),
    "minBudget": ({"type": "string"}, "USDC; also accepted as minBudgetUsdc."),
    "maxBudget": ({"type": "string"}, "USDC; also accepted as maxBudgetUsdc."),
    "biddingRule": ({"type": "string", "enum": list(RULES)}, "How agents compete for it."),
    "deadlineWithinHours": ({"type": "integer", "minimum": 0}, "Has to be done within so many hours from now."),
    "skills": ({"type": "string"}, "Skills that it asks for, all of them, separated by commas."),
    "sort": ({"type": "string", "enum": list(SORTS)}, "`newest`, or `relevance` when there is a `q`, unless said."),
}


# Reading the page


def read_page(wanted: Wanted, actor: Agent | None, *conditions: Condition) -> Listing:
    """The jobs that the actor may know of, as far as they are wanted. Raises Invalid naming `cursor`."""
    found = find(wanted, actor, *conditions)
    return Listing(shown([(place.id, place.version) for place in found.places], actor), found.next_cursor)


def find(wanted: Wanted, actor: Agent | None, *conditions: Condition, drafts: bool = False) -> Found:
    """Where those jobs are; when there are none, those of the words that were meant. Raises Invalid naming `cursor`.

    With `drafts` the actor's own are among jobs of any status.
    """
    where = [visible_to(actor, drafts=drafts or wanted.wants_drafts), *conditions, *wanted.conditions]
    found = Found(*_find(wanted, where))
    if not found.places and (meant := corrected(wanted.match)):
        return Found(*_find(replace(wanted, match=meant), where), meant.words)
    return found


def with_part(role: str, actor: Agent) -> Condition:
    """Jobs that the actor, or an agent of theirs, posted (`poster`) or works on (`worker`)."""
    assert role in ("poster", "worker")
    own = "SELECT id FROM agents_agent WHERE id = %s OR owner_id = %s"
    return Condition(f"job.{role}_id IN ({own})", (actor.pk, actor.user_id))


def _find(wanted: Wanted, where: list[Condition]) -> tuple[list[Place], str | None]:
    if not wanted.match:
        return _plain(wanted, where)
    return (_by_relevance if wanted.sort == RELEVANCE else _matching)(wanted, where)


def visible_to(actor: Agent | None, *, drafts: bool = False) -> Condition:
    """Published jobs, and direct offers to their two sides and to operators: `queries.visible_to` in SQL. With `drafts`
    the actor's own too."""
    if actor is None:
        return Condition("job.published_at IS NOT NULL AND job.invited_id IS NULL")
    mine = "(SELECT array_agg(id) FROM agents_agent WHERE id = %s OR owner_id = %s)::uuid[]"
    own, of_own = f"job.poster_id = ANY({mine})", (actor.pk, actor.user_id)
    published = Condition("job.published_at IS NOT NULL")
    if drafts:
        published = Condition(f"(job.published_at IS NOT NULL OR {own})", of_own)
    if actor.user is not None and actor.user.is_staff:
        return published
    offered = Condition(f"(job.invited_id IS NULL OR job.invited_id = ANY({mine}) OR {own})", of_own * 2)
    return all_of([published, offered])


def _plain(wanted: Wanted, where: list[Condition]) -> tuple[list[Place], str | None]:
    order = ORDERS[wanted.sort]
    if wanted.cursor:
        where = [*where, order.beyond(open_cursor(wanted.cursor, wanted.sort))]
    rows = _read_rows(_along_index(wanted, all_of(where), order))
    return _cut(rows, wanted, order)


def _cut(rows: list[Place], wanted: Wanted, order: Order) -> tuple[list[Place], str | None]:
    """The page, and the cursor to what is beyond it if a row more was found."""
    if len(rows) <= wanted.limit:
        return rows, None
    return rows[: wanted.limit], seal_cursor(order.place_of(rows[wanted.limit - 1]), wanted.sort)


def _along_index(wanted: Wanted, where: Condition, order: Order) -> Condition:
    """The page and one row more. Each status has its own stretch of the index, so several are merged."""
    count = wanted.limit + 1
    if len(wanted.statuses) <= 1:
        status = f"AND job.status = '{wanted.statuses[0]}'" if wanted.statuses else ""
        sql = f"SELECT {PLACE} FROM jobs_job job WHERE {where.sql} {status} {order.sql} LIMIT {count}"
        return Condition(sql, where.parameters)
    stretches = [
        f"(SELECT {ROW} FROM jobs_job job WHERE {where.sql} AND job.status = '{status}' {order.sql} LIMIT {count})"
        for status in wanted.statuses
    ]
    sql = f"SELECT {PLACE} FROM ({' UNION ALL '.join(stretches)}) job {order.sql} LIMIT {count}"
    return Condition(sql, where.parameters * len(stretches))


def _in_statuses(wanted: Wanted) -> list[Condition]:
    if not wanted.statuses:
        return []
    return [Condition(f"job.status IN ({', '.join(repr(status) for status in wanted.statuses)})")]


def _matching(wanted: Wanted, where: list[Condition]) -> tuple[list[Place], str | None]:
    """Matches of words or skills. Sorted otherwise than by age: all of them if they are few; of many, some are found
    soon along the index of that order."""
    order = ORDERS[wanted.sort]
    place = open_cursor(wanted.cursor, wanted.sort) if wanted.cursor else None
    where = [*where, *_in_statuses(wanted), *([order.beyond(place)] if place else [])]
    count = wanted.limit + 1
    if wanted.sort == NEWEST:
        found = newest_matches(wanted.match, all_of(where), place[0] if place else None, count)
        return _cut(_rows_of([id for id, _ in found], order.sql), wanted, order)
    ids = few_sorted(wanted.match, all_of(where), order.sql, count)
    if ids is not None:
        return _cut(_rows_of(ids, order.sql), wanted, order)
    return _cut(_read_rows(_along_index(wanted, all_of([wanted.match.of_a_row(), *where]), order)), wanted, order)


def _by_relevance(wanted: Wanted, where: list[Condition]) -> tuple[list[Place], str | None]:
    """The newest matches ranked against each other, then the next older ones, and so on.

    A cursor names the two ends of the candidates that it is among, so that nothing is missed or told twice when jobs
    are added meanwhile.
    """
    newest = ORDERS[NEWEST]
    where = [*where, *_in_statuses(wanted)]
    place = open_cursor(wanted.cursor, RELEVANCE) if wanted.cursor else [None] * 7
    first, last, beyond = place[:2], place[2:4], place[4:]
    bounds = []
    if first[0]:
        bounds.append(Condition("(job.created_at, job.id) <= (%s::timestamptz, %s::uuid)", tuple(first)))
    if last[0]:
        bounds.append(Condition("(job.created_at, job.id) >= (%s::timestamptz, %s::uuid)", tuple(last)))
    found = newest_matches(wanted.match, all_of([*where, *bounds]), first[0], CANDIDATES + 1)
    candidates = found[:CANDIDATES]
    if not candidates:
        return [], None
    first, last = (first if first[0] else _place(candidates[0])), (last if last[0] else _place(candidates[-1]))
    rows, ranks = _ranked(wanted, [id for id, _ in candidates], beyond)
    if len(rows) > wanted.limit:
        after = [ranks[wanted.limit - 1], *newest.place_of(rows[wanted.limit - 1])]
        return rows[: wanted.limit], seal_cursor([*first, *last, *after], RELEVANCE)
    older = found[CANDIDATES:]
    if wanted.cursor and not older:
        older = newest_matches(wanted.match, all_of([*where, newest.beyond(last)]), last[0], 1)
    return rows, seal_cursor([*_place(older[0]), *[None] * 5], RELEVANCE) if older else None


def _place(found: Any) -> list[str]:
    id, created_at = found
    return [created_at.isoformat(), str(id)]


def _ranked(wanted: Wanted, ids: list[Any], beyond: list[Any]) -> tuple[list[Place], list[float]]:
    query = wanted.match.tsquery
    rank = f"ts_rank(job.search, {query.sql})::float8"
    after = "AND (rank, created_at, id) < (%s, %s::timestamptz, %s::uuid)" if beyond[0] is not None else ""
    sql = f"""
        SELECT {PLACE}, job.rank FROM (
            SELECT * FROM (SELECT {ROW}, {rank} AS rank FROM jobs_job job WHERE job.id = ANY(%s)) ranked
             WHERE true {after} ORDER BY rank DESC, created_at DESC, id DESC LIMIT {wanted.limit + 1}
        ) job ORDER BY job.rank DESC, job.created_at DESC, job.id DESC
    """
    with prepared_cursor() as cursor:
        cursor.execute(sql, (*query.parameters, ids, *(beyond if after else ())))
        found = cursor.fetchall()
    return [Place._make(row[:-1]) for row in found], [row[-1] for row in found]


def _rows_of(ids: list[Any], order: str) -> list[Place]:
    if not ids:
        return []
    return _read_rows(Condition(f"SELECT {PLACE} FROM jobs_job job WHERE job.id = ANY(%s) {order}", (ids,)))


def _read_rows(query: Condition) -> list[Place]:
    with prepared_cursor() as cursor:
        cursor.execute(query.sql, query.parameters)
        return [Place._make(row) for row in cursor.fetchall()]


# Cursors


@lru_cache(maxsize=64)
def _key(sort: str, secret: str) -> bytes:
    return salted_hmac("jobs.listing", sort, secret=secret, algorithm="sha256").digest()


def seal_cursor(place: list[Any], sort: str) -> str:
    """A place in a list that is sorted like this: opaque, and signed."""
    written = orjson.dumps(place)
    return urlsafe_b64encode(hmac.digest(_key(sort, settings.SECRET_KEY), written, "sha256")[:16] + written).decode()


def open_cursor(cursor: str, sort: str) -> list[Any]:
    """The place. Raises Invalid naming `cursor` for what this list has not given."""
    try:
        sealed = urlsafe_b64decode(cursor.encode())
    except ValueError:
        sealed = b""
    signature, written = sealed[:16], sealed[16:]
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        if hmac.compare_digest(signature, hmac.digest(_key(sort, secret), written, "sha256")[:16]):
            place: list[Any] = json.loads(written)
            return place
    raise Invalid.field("cursor", "Use the nextCursor of the page before, unchanged, with the same sort.")
