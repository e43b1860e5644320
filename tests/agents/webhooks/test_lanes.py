"""Turns among endpoints, whatever happens in whatever order (SURVIVE W3, W4)."""

from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agents.webhooks.lanes import Lanes, Turn

PER_ENDPOINT, MOST_SLOW = 2, 3
ENDPOINTS = range(6)


class AnyOrder(RuleBasedStateMachine):
    """Claims come, are taken and end; the last two endpoints are slow."""

    def __init__(self) -> None:
        super().__init__()
        self.lanes = Lanes(
            per_endpoint=PER_ENDPOINT, most_slow=MOST_SLOW, is_slow=lambda claim: claim.endpoint_id >= ENDPOINTS[-2]
        )
        self.waiting: list[Any] = []
        self.flying: list[Turn] = []
        self.next = 0

    def flying_of(self, endpoint: int) -> int:
        return sum(turn.claim.endpoint_id == endpoint for turn in self.flying)

    @rule(endpoint=st.sampled_from(ENDPOINTS))
    def add(self, endpoint: int) -> None:
        claim = SimpleNamespace(id=self.next, endpoint_id=endpoint)
        self.next += 1
        self.waiting.append(claim)
        self.lanes.add(claim, 0.0)  # type: ignore[arg-type]

    @rule()
    def take(self) -> None:
        turn = self.lanes.take()
        if turn is None:
            assert not [claim for claim in self.waiting if self.may_go(claim)]
            return
        first = next(claim for claim in self.waiting if claim.endpoint_id == turn.claim.endpoint_id)
        assert turn.claim is first and self.may_go(first)
        self.waiting.remove(first)
        self.flying.append(turn)

    def may_go(self, claim: Any) -> bool:
        slow = [turn for turn in self.flying if turn.is_slow]
        has_room = claim.endpoint_id < ENDPOINTS[-2] or len(slow) < MOST_SLOW
        return has_room and self.flying_of(claim.endpoint_id) < PER_ENDPOINT

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def end(self, data: Any) -> None:
        turn = data.draw(st.sampled_from(self.flying))
        self.flying.remove(turn)
        self.lanes.end(turn)

    @rule()
    def clear(self) -> None:
        assert {claim.id for claim in self.lanes.clear()} == {claim.id for claim in self.waiting}
        self.waiting.clear()

    @invariant()
    def nobody_has_too_many(self) -> None:
        assert all(self.flying_of(endpoint) <= PER_ENDPOINT for endpoint in ENDPOINTS)
        assert sum(turn.is_slow for turn in self.flying) <= MOST_SLOW

    def teardown(self) -> None:
        """Everything that waits has its turn in the end."""
        while self.flying or self.waiting:
            self.take()
            while self.flying:
                self.lanes.end(self.flying.pop())
        assert self.lanes.take() is None and not self.lanes.clear()


TestAnyOrder = AnyOrder.TestCase
