"""An attempt, before and after it was made: what the database hands to the courier, and what it gets back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from agents.webhooks.egress import Answer


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this worker alone may attempt until its lease ends, a moment as PostgreSQL writes it."""

    id: int
    endpoint_id: UUID
    url: str
    secret: bytes
    previous_secret: bytes
    failing: bool
    attempts: int
    leased_until: str
    message_id: str
    message: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt."""

    claim: Claim
    answer: Answer
    started_at: datetime
    latency_ms: int
    headers: dict[str, str]
