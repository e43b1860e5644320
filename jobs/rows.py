"""Jobs as lists read them: one row of SQL a job, and its members for the wire without a serializer.

`JobSerializer` says what a job's members are; a list of twenty through it costs forty times what they cost here.
tests/jobs/test_lists.py compares the two, member by member, for every kind of job and reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast
from uuid import UUID

import orjson

from agents.avatars.addresses import avatar_url
from agents.models import Agent
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.rules import available_actions, is_party
from jobs.terms import Terms
from marketplace.api.problems import camel_case
from marketplace.money import format_usdc, share
from marketplace.screening.queries import written_flags
from marketplace.screening.serializers import without_hidden
from wallets.models import Transfer

# Where each column of a row comes from. Moments are texts, and JSON goes through as PostgreSQL wrote it.
COLUMNS = {
    "id": "job.id::text",
    "title": "job.title",
    "description": "job.description",
    "status": "job.status",
    "vertical": "job.vertical",
    "budget": "job.budget",
    "price": "job.price",
    "payout": "job.payout",
    "tip": "job.tip",
    "input_data": "job.input_data::text",
    "output_schema": "job.output_schema::text",
    "terms": "job.terms::text",
    "skills": "job.skills",
    "minimum_reputation": "job.minimum_reputation",
    "minimum_completed_jobs": "job.minimum_completed_jobs",
    "lowest_bid": "job.lowest_bid",
    "bid_count": "job.bid_count",
    "progress_percent": "job.progress_percent",
    "revision_count": "job.revision_count",
    "matures_at": "job.matures_at::text",
    "deadline_at": "job.deadline_at::text",
    "bidding_ends_at": "job.bidding_ends_at::text",
    "bidding_closed_at": "job.bidding_closed_at::text",
    "created_at": "job.created_at::text",
    "updated_at": "job.updated_at::text",
    "published_at": "job.published_at::text",
    "assigned_at": "job.assigned_at::text",
    "started_at": "job.started_at::text",
    "submitted_at": "job.submitted_at::text",
    "auto_approve_at": "job.auto_approve_at::text",
    "completed_at": "job.completed_at::text",
    "cancelled_at": "job.cancelled_at::text",
    "template_id": "template.id::text",
    "template_slug": "template.slug",
    "template_name": "template.name",
    "template_vertical": "template.vertical",
    "poster_id": "poster.id::text",
    "poster_handle": "poster.handle",
    "poster_kind": "poster.kind",
    "poster_name": "poster.name",
    "poster_avatar": "poster.avatar::text",
    "poster_user": "poster.user_id",
    "poster_owner": "poster.owner_id",
    "worker_id": "worker.id::text",
    "worker_handle": "worker.handle",
    "worker_kind": "worker.kind",
    "worker_name": "worker.name",
    "worker_avatar": "worker.avatar::text",
    "worker_user": "worker.user_id",
    "worker_owner": "worker.owner_id",
    "invited_id": "invited.id::text",
    "invited_handle": "invited.handle",
    "invited_user": "invited.user_id",
    "invited_owner": "invited.owner_id",
    # As `screening.queries.flags_of` has them.
    "flags": """(SELECT array_agg(flag.rule || ':' || flag.status) FROM screening_flag flag
        WHERE flag.thing = job.id AND flag.kind = 'jobs.job' AND flag.status <> 'DISMISSED')""",
    # As Job.silent_since has it.
    "silent_since": """CASE WHEN job.status = 'IN_PROGRESS' AND job.updated_at <= job.heartbeat_missed_at
        AND coalesce(worker.last_heartbeat_at <= job.heartbeat_missed_at, true)
        THEN job.heartbeat_missed_at::text END""",
}


def _version_of(table: str, key: str) -> str:
    """Of the row that a job names, if it names one. Asked for in place, it costs half of what joins do."""
    return f"CASE WHEN job.{key} IS NOT NULL THEN (SELECT concat(xmin, ctid) FROM {table} WHERE id = job.{key}) END"


NAMED = {
    "poster_id": "agents_agent",
    "worker_id": "agents_agent",
    "invited_id": "agents_agent",
    "template_id": "jobs_jobtemplate",
}
# Changes with every change of a row that a job's members are made of; a flag touches the row of its job.
VERSION = f"concat(job.xmin, job.ctid, {', '.join(_version_of(table, key) for key, table in NAMED.items())})"
SELECT = ", ".join([*COLUMNS.values(), VERSION])
JOINS = """
    JOIN agents_agent poster ON poster.id = job.poster_id
    LEFT JOIN agents_agent worker ON worker.id = job.worker_id
    LEFT JOIN agents_agent invited ON invited.id = job.invited_id
    LEFT JOIN jobs_jobtemplate template ON template.id = job.template_id
"""
# What of a job its poster wrote.
TEXTS = ("title", "description", "inputData")
# Hashes of the payments of a job, by the kinds of transfer that a list shows.
Hashes = Mapping[str, str]
NOTHING_MOVED: Hashes = {}


class JobRow(NamedTuple):
    """The values of COLUMNS, and the version."""

    id: str
    title: str
    description: str
    status: str
    vertical: str
    budget: int
    price: int | None
    payout: int | None
    tip: int
    input_data: str
    output_schema: str
    terms: str
    skills: list[str]
    minimum_reputation: float | None
    minimum_completed_jobs: int
    lowest_bid: int | None
    bid_count: int
    progress_percent: int
    revision_count: int
    matures_at: str | None
    deadline_at: str
    bidding_ends_at: str | None
    bidding_closed_at: str | None
    created_at: str
    updated_at: str
    published_at: str | None
    assigned_at: str | None
    started_at: str | None
    submitted_at: str | None
    auto_approve_at: str | None
    completed_at: str | None
    cancelled_at: str | None
    template_id: str | None
    template_slug: str
    template_name: str
    template_vertical: str
    poster_id: str
    poster_handle: str
    poster_kind: str
    poster_name: str
    poster_avatar: str | None
    poster_user: int | None
    poster_owner: int | None
    worker_id: str | None
    worker_handle: str | None
    worker_kind: str
    worker_name: str
    worker_avatar: str | None
    worker_user: int | None
    worker_owner: int | None
    invited_id: str | None
    invited_handle: str | None
    invited_user: int | None
    invited_owner: int | None
    flags: list[str] | None
    silent_since: str | None
    version: str

    @property
    def may_have_moved_money(self) -> bool:
        """Whether there can be transfers for it: money is held when it is published or when it is assigned."""
        return self.worker_id is not None or read_terms(self.terms)[0].fund_on == "publish"


def members(row: JobRow, hashes: Hashes) -> dict[str, Any]:
    """What `JobSerializer` writes of the job for everybody, for orjson."""
    terms, written_terms = read_terms(row.terms)
    hold = hashes.get(Transfer.Kind.ESCROW_HOLD.value)
    payment = payment_status(terms, row.status, is_held=hold is not None)
    written = {
        "flags": written_flags(row.flags or []),
        "id": row.id,
        "title": row.title,
        "description": row.description,
        "status": row.status,
        "vertical": row.vertical,
        "budgetUsdc": format_usdc(row.budget),
        "priceUsdc": _usdc(row.price),
        "feeUsdc": format_usdc(share(row.budget if row.price is None else row.price, terms.release_fee_bps)),
        "payoutUsdc": _usdc(row.payout),
        "tipUsdc": format_usdc(row.tip),
        "maturesAt": _moment(row.matures_at),
        "deadlineAt": _moment(row.deadline_at),
        "templateId": row.template_id or "",
        "template": row.template_id and _template(row),
        "inputData": orjson.Fragment(row.input_data),
        "outputSchema": orjson.Fragment(row.output_schema),
        "acceptanceCriteria": [],
        "poster": _party(row.poster_handle, row.poster_id, row.poster_kind, row.poster_name, row.poster_avatar),
        "posterId": row.poster_id,
        "agentId": row.worker_handle,
        "assignedAgentId": row.worker_handle,
        "assignedAgent": row.worker_id
        and _party(row.worker_handle, row.worker_id, row.worker_kind, row.worker_name, row.worker_avatar),
        "paymentProvider": "ON_CHAIN_USDC",
        "paymentStatus": payment,
        "escrow": {"status": payment, "txHash": hold},
        "escrowFunded": payment == "ESCROWED",
        "escrowTxHash": hold,
        "escrowJobId": row.id if hold else None,
        "txHash": next((hashes[kind] for kind in Transfer.PAYING if kind in hashes), None),
        "isPubliclyShareable": row.published_at is not None and row.invited_id is None,
        "requiredPack": None,
        "requiredCertification": None,
        "participationMode": None,
        "bidCount": row.bid_count,
        "progressPercent": row.progress_percent,
        "revisionCount": row.revision_count,
        "terms": written_terms,
        "skills": row.skills,
        "minimumReputation": row.minimum_reputation,
        "minimumCompletedJobs": row.minimum_completed_jobs,
        "invitedAgentId": row.invited_handle,
        "lowestBidUsdc": _usdc(row.lowest_bid),
        "biddingEndsAt": _moment(row.bidding_ends_at),
        "biddingClosedAt": _moment(row.bidding_closed_at),
        "createdAt": _moment(row.created_at),
        "updatedAt": _moment(row.updated_at),
        "publishedAt": _moment(row.published_at),
        "assignedAt": _moment(row.assigned_at),
        "startedAt": _moment(row.started_at),
        "submittedAt": _moment(row.submitted_at),
        "autoApproveAt": _moment(row.auto_approve_at),
        "completedAt": _moment(row.completed_at),
        "cancelledAt": _moment(row.cancelled_at),
    }
    return without_hidden(written, TEXTS)


def personal_members(standing: Standing, actor: Agent | None) -> dict[str, Any]:
    """The rest of it, which depends on who asks."""
    job = cast("Job", standing)  # as far as the rules look at one
    return {
        "heartbeatMissedAt": standing.silent_since if is_party(actor, job) else None,
        "availableActions": available_actions(job, actor),
    }


def payment_status(terms: Terms, status: str, *, is_held: bool) -> str:
    """NONE when the deal holds no money; else UNFUNDED, ESCROWED, RELEASED or REFUNDED."""
    if terms.fund_on == "never":
        return "NONE"
    if status == Status.COMPLETED.value:
        return "RELEASED"
    if not is_held:
        return "UNFUNDED"
    return "REFUNDED" if status == Status.CANCELLED.value else "ESCROWED"


@lru_cache(maxsize=1024)
def read_terms(text: str) -> tuple[Terms, orjson.Fragment]:
    """The Terms that a job keeps as this text, and how the wire writes them. A few of them serve many jobs."""
    terms = Terms.load(orjson.loads(text))
    return terms, orjson.Fragment(orjson.dumps({camel_case(name): value for name, value in terms.dump().items()}))


def _usdc(micro: int | None) -> str | None:
    return None if micro is None else format_usdc(micro)


def _moment(text: str | None) -> str | None:
    """`2026-01-31 12:00:00.123456+00`, as PostgreSQL writes a moment in UTC, as the wire does."""
    if text is None:
        return None
    whole, _, fraction = text[:-3].partition(".")
    return f"{whole[:10]}T{whole[11:]}.{fraction[:3]:0<3}Z"


def _party(handle: str | None, id: str, kind: str, name: str, avatar: str | None) -> dict[str, Any]:
    return {"id": handle, "uuid": id, "kind": kind, "displayName": name, "avatarUrl": avatar_url(avatar)}


def _template(row: JobRow) -> dict[str, Any]:
    return {
        "id": row.template_id,
        "slug": row.template_slug,
        "name": row.template_name,
        "vertical": row.template_vertical,
    }


# What the rules ask of a job


@dataclass(frozen=True, slots=True)
class Hand:
    """An agent, as far as it matters who decides for it."""

    pk: UUID
    user_id: int | None
    owner_id: int | None

    @property
    def controller_id(self) -> int | None:
        return self.user_id or self.owner_id


@lru_cache(maxsize=4096)
def hand(id: str | None, user_id: int | None, owner_id: int | None) -> Hand | None:
    """The agent of these columns."""
    return None if id is None else Hand(UUID(id), user_id, owner_id)


@dataclass(frozen=True, slots=True)
class Standing:
    """A job, as far as `jobs.rules` look at it to say who may do what; who has a hand in it, and since when its worker
    is silent."""

    status: str
    tip: int
    rules: Terms
    poster: Hand | None
    worker: Hand | None
    invited: Hand | None
    bidding_closed_at: str | None
    silent_since: str | None
    submitted_at: str | None
    matures_at: datetime | None
    hands: frozenset[UUID | int | None]

    @classmethod
    def of(cls, row: JobRow) -> Standing:
        """That of the row."""
        poster = hand(row.poster_id, row.poster_user, row.poster_owner)
        worker = hand(row.worker_id, row.worker_user, row.worker_owner)
        invited = hand(row.invited_id, row.invited_user, row.invited_owner)
        terms, _ = read_terms(row.terms)
        hands = frozenset(id for one in (poster, worker, invited) if one for id in (one.pk, one.controller_id) if id)
        closed_at, silent_since = _moment(row.bidding_closed_at), _moment(row.silent_since)
        matures_at = datetime.fromisoformat(row.matures_at) if row.matures_at else None
        return cls(
            status=row.status,
            tip=row.tip,
            rules=terms,
            poster=poster,
            worker=worker,
            invited=invited,
            bidding_closed_at=closed_at,
            silent_since=silent_since,
            submitted_at=row.submitted_at,
            matures_at=matures_at,
            hands=hands,
        )
