"""One worker's run: claims what is due, sends it at once over kept connections, and records what came back.

Everything waits in one event loop; the database is spoken to in batches, in the thread that called.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import cache
from uuid import UUID

import structlog
from asgiref.sync import async_to_sync, sync_to_async
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import timezone

from agents.webhooks import delivery, signing
from agents.webhooks.attempts import Claim, Outcome
from agents.webhooks.delivery import FIRST
from agents.webhooks.egress import Answer, Sender
from agents.webhooks.lanes import Lanes
from marketplace.encryption import decrypt

logger = structlog.get_logger(__name__)

MOST_SECONDS = 60.0
POLL_SECONDS = 0.05
# How often failing endpoints are looked for, beside those that are sound.
FAILING_POLL_SECONDS = 0.5
# Outcomes that are worth a statement by themselves, while others are still in flight.
BATCH = 256
# So many times what is in flight is claimed, so that there is something to send while the database is spoken to.
QUEUED = 32
# An endpoint whose last answer took longer shares the slots of those that fail, however well it answers.
SLOW_MS = 2000
SLOW: set[UUID] = set()


class Courier:
    """`run()` delivers what is due until there is nothing more, the time is over or `should_stop` says so.

    `call_another` is called when it takes no more on though there may be more, before it waits for what is in flight.
    """

    def __init__(
        self, should_stop: Callable[[], bool] = lambda: False, call_another: Callable[[], None] = lambda: None
    ) -> None:
        self.attempted = 0
        self._should_stop, self._call_another = should_stop, call_another
        self._key = cache(lambda encrypted: signing.key_of(decrypt(encrypted).decode()))
        self._most = settings.WEBHOOKS_IN_FLIGHT
        self._lanes = Lanes(
            per_endpoint=settings.WEBHOOKS_IN_FLIGHT_PER_ENDPOINT,
            most_slow=self._most // 2,
            is_slow=lambda claim: claim.failing or claim.endpoint_id in SLOW,
        )
        self._carriers: set[asyncio.Task[None]] = set()
        # The first claims are small, so that sending begins at once.
        self._room = 2 * self._most
        self._held = self._held_failing = 0
        self._held_of: Counter[UUID] = Counter()
        self._done: list[Outcome] = []
        self._unsent: list[Claim] = []
        self._after, self._after_failing, self._failing_at = FIRST, FIRST, 0.0

    def run(self) -> int:
        """Returns how many attempts it made."""
        async_to_sync(self._run)()
        return self.attempted

    async def _run(self) -> None:
        self._news = asyncio.Event()
        ends = time.monotonic() + MOST_SECONDS
        async with Sender() as self._sender:
            while time.monotonic() < ends and not self._should_stop():
                if not await self._exchange() and not self._held:
                    return
                await self._wait_for_news()
            await self._finish()

    async def _exchange(self) -> bool:
        """Records what is done and claims more; whether there was anything to do."""
        done, self._done, unsent, self._unsent = self._done, [], self._unsent, []
        gone = [*(outcome.claim for outcome in done), *unsent]
        self._held -= len(gone)
        self._held_failing -= sum(claim.failing for claim in gone)
        self._held_of.subtract(claim.endpoint_id for claim in gone)
        claims = await sync_to_async(self._speak_to_database)(done, unsent)
        self._room = min(2 * self._room, QUEUED * self._most)
        self._held += len(claims)
        self._held_failing += sum(claim.failing for claim in claims)
        self._held_of.update(claim.endpoint_id for claim in claims)
        latest = time.monotonic() + settings.WEBHOOK_LEASE_SECONDS / 2
        for claim in claims:
            # The lease might end before the attempt if it were begun later.
            self._lanes.add(claim, latest)
        self._start_carriers()
        return bool(claims or done)

    def _speak_to_database(self, done: list[Outcome], unsent: list[Claim]) -> list[Claim]:
        try:
            with transaction.atomic():
                delivery.record(done)
                delivery.release(unsent)
                return self._claim_sound(self._room - self._held) + self._claim_failing()
        except OperationalError:
            raise
        except Exception:  # an answer that we cannot record must not take those of others with it
            logger.exception("outcomes_not_recorded", deliveries=len(done))
        for outcome in done:
            self._record_alone(outcome)
        delivery.release(unsent)
        return []

    def _record_alone(self, outcome: Outcome) -> None:
        try:
            with transaction.atomic():
                delivery.record([outcome])
        except OperationalError:
            raise
        except Exception:
            logger.exception("outcome_not_recorded", delivery=outcome.claim.id)
            delivery.give_up(outcome.claim, "what came back could not be recorded; this is a mistake of ours")

    def _claim_failing(self) -> list[Claim]:
        room = self._most // 2 - self._held_failing
        if room <= 0 or time.monotonic() - self._failing_at < FAILING_POLL_SECONDS:
            return []
        self._failing_at = time.monotonic()
        claims = delivery.claim_due(room, failing=True, after=self._after_failing)
        # Each has its turn: those that hang would otherwise keep all others waiting until they have nothing left.
        self._after_failing = max((claim.endpoint_id for claim in claims), default=FIRST)
        return claims

    def _claim_sound(self, room: int) -> list[Claim]:
        """From where the last claim ended, and once more from the first endpoint if that was the end."""
        if room < self._most:
            return []
        held = +self._held_of
        claims = delivery.claim_due(room, after=self._after, held=held)
        if len(claims) < room and self._after != FIRST:
            held.update(claim.endpoint_id for claim in claims)
            claims += delivery.claim_due(room - len(claims), held=held)
        self._after = max(claim.endpoint_id for claim in claims) if len(claims) == room else FIRST
        return claims

    def _start_carriers(self) -> None:
        """As many as have something to send, and as there may be."""
        for _ in range(min(self._lanes.ready, self._most - len(self._carriers))):
            carrier = asyncio.create_task(self._carry())
            self._carriers.add(carrier)
            carrier.add_done_callback(self._carriers.discard)

    async def _carry(self) -> None:
        """Sends one after another, as long as there is a next."""
        while turn := self._lanes.take():
            if time.monotonic() < turn.latest:
                await self._attempt(turn.claim)
            else:
                self._unsent.append(turn.claim)
            self._lanes.end(turn)
            self._start_carriers()

    async def _attempt(self, claim: Claim) -> None:
        started_at, clock = timezone.now(), time.monotonic()
        headers: dict[str, str] = {}
        try:
            headers = self._headers(claim, started_at)
            answer = await self._sender.send(claim.url, headers, claim.message)
        except InvalidToken:
            # That endpoint's trouble alone.
            answer = Answer(None, "the signing secret cannot be read; was SECRET_KEY changed?")
        except Exception:  # a mistake of ours that one receiver brings to light must not stop the others
            logger.exception("webhook_not_sent", delivery=claim.id)
            answer = Answer(None, "it could not be sent; this is a mistake of ours")
        latency_ms = round(1000 * (time.monotonic() - clock))
        (SLOW.add if latency_ms > SLOW_MS else SLOW.discard)(claim.endpoint_id)
        self._done.append(Outcome(claim, answer, started_at, latency_ms, headers))
        self.attempted += 1
        if len(self._done) >= min(BATCH, self._held):
            self._news.set()

    async def _wait_for_news(self) -> None:
        """Until a batch is done, or all is, or it is time to look for what has become due."""
        self._news.clear()
        if self._done and len(self._done) >= min(BATCH, self._held):
            return
        try:
            await asyncio.wait_for(self._news.wait(), POLL_SECONDS)
        except TimeoutError:
            return

    async def _finish(self) -> None:
        """Lets those in flight come to their end, gives back what waits, and tells others to go on meanwhile."""
        waiting = self._lanes.clear()
        await sync_to_async(delivery.release)(waiting)
        await sync_to_async(self._call_another)()
        await asyncio.gather(*self._carriers)
        for outcome in self._done:
            await sync_to_async(self._record_alone)(outcome)
        await sync_to_async(delivery.release)(self._unsent)

    def _headers(self, claim: Claim, now: datetime) -> dict[str, str]:
        """Those of the attempt; while a secret is being rotated both sign. Raises InvalidToken."""
        encrypted = [claim.secret, claim.previous_secret] if claim.previous_secret else [claim.secret]
        keys = [self._key(secret) for secret in encrypted]
        signature = signing.headers(keys=keys, message_id=claim.message_id, body=claim.message, at=now)
        return {"content-type": "application/json", "user-agent": "Guildhall", **signature}
