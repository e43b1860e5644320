"""Whose turn it is among the claims that a worker holds: endpoint after endpoint, a few of each in flight."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from agents.webhooks.attempts import Claim


@dataclass(slots=True)
class Lane:
    """What waits for one endpoint, with the moments (monotonic clock) after which it is too late to begin."""

    endpoint_id: UUID
    waiting: deque[tuple[Claim, float]] = field(default_factory=deque)
    in_flight: int = 0
    in_line: bool = False


@dataclass(slots=True)
class Turn:
    """A claim that is in flight until `Lanes.end` is told; not to be sent after `latest`."""

    claim: Claim
    latest: float
    lane: Lane
    is_slow: bool


class Lanes:
    """Gives endpoints their turns in the order in which they became ready.

    Each has at most `per_endpoint` in flight; those that fail, or that `is_slow` names, have at most `most_slow`
    together, so that they hold up nobody else.
    """

    def __init__(self, *, per_endpoint: int, most_slow: int, is_slow: Callable[[Claim], bool]) -> None:
        self._per_endpoint, self._most_slow, self._is_slow = per_endpoint, most_slow, is_slow
        self._lanes: dict[UUID, Lane] = {}
        self._ready: deque[Lane] = deque()
        # Slow ones whose turn came when there was no room for another.
        self._aside: deque[Lane] = deque()
        self._slow_in_flight = 0

    @property
    def ready(self) -> int:
        """How many endpoints could have a turn at once."""
        return len(self._ready)

    def add(self, claim: Claim, latest: float) -> None:
        """Behind the others of its endpoint."""
        lane = self._lanes.setdefault(claim.endpoint_id, Lane(claim.endpoint_id))
        lane.waiting.append((claim, latest))
        self._line_up(lane)

    def take(self) -> Turn | None:
        """The next that may be sent, None while there is none."""
        while self._ready:
            lane = self._ready.popleft()
            is_slow = self._is_slow(lane.waiting[0][0])
            if is_slow and self._slow_in_flight >= self._most_slow:
                self._aside.append(lane)
                continue
            claim, latest = lane.waiting.popleft()
            lane.in_line = False
            lane.in_flight += 1
            self._slow_in_flight += is_slow
            self._line_up(lane)
            return Turn(claim, latest, lane, is_slow)
        return None

    def end(self, turn: Turn) -> None:
        """The attempt is over, or was not made."""
        lane = turn.lane
        lane.in_flight -= 1
        if turn.is_slow:
            self._slow_in_flight -= 1
            if self._aside:
                self._ready.append(self._aside.popleft())
        self._line_up(lane)
        if not lane.in_flight and not lane.waiting:
            del self._lanes[lane.endpoint_id]

    def clear(self) -> list[Claim]:
        """Takes out what waits; what is in flight still ends."""
        waiting = [claim for lane in self._lanes.values() for claim, _ in lane.waiting]
        for lane in self._lanes.values():
            lane.waiting.clear()
            lane.in_line = False
        self._ready.clear()
        self._aside.clear()
        self._lanes = {id: lane for id, lane in self._lanes.items() if lane.in_flight}
        return waiting

    def _line_up(self, lane: Lane) -> None:
        if lane.waiting and not lane.in_line and lane.in_flight < self._per_endpoint:
            lane.in_line = True
            self._ready.append(lane)
