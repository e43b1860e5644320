"""What lists show of jobs, as JSON: made once for each version of a job, and kept in the process.

Nothing kept is ever out of date: each list reads the versions of its jobs, and a row that is changed has another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from agents.models import Agent
from jobs.rows import JOINS, NOTHING_MOVED, SELECT, Hashes, JobRow, Standing, members, personal_members
from marketplace.database import prepared_cursor
from wallets.queries import reference_of

# Jobs that a process keeps, two kilobytes each; when there are more they are all made anew.
MOST_KEPT = 4096
# Somebody with a key and no hand in any job.
STRANGER = Agent(id=UUID(int=0), kind=Agent.Kind.AI)
NOBODYS = b',"heartbeatMissedAt":null,"availableActions":[]}'
ROWS = f"SELECT {SELECT} FROM jobs_job job {JOINS} WHERE job.id = ANY(%s::uuid[])"
MOVED = """
    SELECT job_id::text, kind, id FROM wallets_transfer
     WHERE job_id = ANY(%s::uuid[]) AND kind IN ('ESCROW_HOLD', 'ESCROW_RELEASE', 'DISPUTE_SPLIT', 'AGREED_SPLIT')
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A job's members for everybody, without the brace at the end; the rest for strangers, and what it depends on."""

    written: bytes
    strangers: bytes
    standing: Standing

    @classmethod
    def of(cls, row: JobRow, hashes: Hashes) -> "Kept":
        """What is kept of the job."""
        standing = Standing.of(row)
        return cls(orjson.dumps(members(row, hashes))[:-1], _rest(standing, STRANGER), standing)

    def for_actor(self, actor: Agent | None) -> bytes:
        """The whole job as the actor may read it."""
        if actor is None:
            return self.written + NOBODYS
        if self.standing.hands.isdisjoint((actor.pk, actor.controller_id)) and _is_plain(actor):
            return self.written + self.strangers
        return self.written + _rest(self.standing, actor)


def _is_plain(actor: Agent) -> bool:
    """Whether nobody may do more or less than this actor without a hand in the job."""
    return actor.status == Agent.Status.ACTIVE and not (actor.user and actor.user.is_staff)


def _rest(standing: Standing, actor: Agent) -> bytes:
    return b"," + orjson.dumps(personal_members(standing, actor))[1:]


_kept: dict[tuple[str, str], Kept] = {}


def forget() -> None:
    """Keeps nothing any more."""
    _kept.clear()


def shown(jobs: Sequence[tuple[str, str]], actor: Agent | None) -> list[bytes]:
    """The JSON of these jobs, each given by id and version."""
    found = {job: _kept.get(job) for job in jobs}
    missing = [id for (id, _), kept in found.items() if kept is None]
    if not missing:
        return [kept.for_actor(actor) for kept in found.values() if kept]
    made = _make(missing)
    return [(kept or made[id]).for_actor(actor) for (id, _), kept in found.items()]


def _make(ids: list[str]) -> dict[str, Kept]:
    with prepared_cursor() as cursor:
        cursor.execute(ROWS, (ids,))
        rows = [JobRow._make(row) for row in cursor.fetchall()]
    hashes = _hashes(rows)
    if len(_kept) + len(rows) > MOST_KEPT:
        forget()
    made = {}
    for row in rows:
        made[row.id] = _kept[row.id, row.version] = Kept.of(row, hashes.get(row.id, NOTHING_MOVED))
    return made


def _hashes(rows: list[JobRow]) -> Mapping[str, Hashes]:
    """By job: the hashes of its transfers, all of which were made by what changed the job too."""
    ids = [row.id for row in rows if row.may_have_moved_money]
    found: dict[str, dict[str, str]] = {}
    if ids:
        with prepared_cursor() as cursor:
            cursor.execute(MOVED, (ids,))
            for job, kind, transfer in cursor.fetchall():
                found.setdefault(job, {})[kind] = reference_of(transfer)
    return found
