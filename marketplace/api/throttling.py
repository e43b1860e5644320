"""How often one may ask: buckets counted in Valkey, all those of a request in one round trip.

`settings.THROTTLES` names scopes and their rates; `take` counts one request of an identity in a scope. Whatever speaks
for itself (a dialect with limits of its own, a form) calls it with a scope of its own and words the refusal its way.
"""

import hashlib
import ipaddress
import math
import re
import threading
import time
from dataclasses import dataclass
from functools import lru_cache

import structlog
from django.conf import settings
from django.http import HttpRequest
from redis import Connection, ConnectionPool
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, RedisError

from marketplace.errors import MarketError

logger = structlog.get_logger(__name__)

RATE = re.compile(r"([1-9]\d{0,8})/([1-9]\d{0,4})?([smhd])")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# A Valkey that does not answer may not hold up the market: so long for an answer, so long until it is asked again.
PATIENCE_SECONDS = 0.5
PAUSE_SECONDS = 1.0
# One who has a network has 2**64 addresses of version 6 in it.
IPV6_NETWORK = 64

# Counts in all buckets or, when one is full, in none: who is refused fills nobody's. A window begins with the first
# request and is not prolonged by those that are refused. KEYS: buckets; ARGV: limit and milliseconds of each.
SCRIPT = """
local counts, refused = {}, 0
for i, key in ipairs(KEYS) do
  counts[i] = tonumber(redis.call('GET', key) or '0')
  if counts[i] >= tonumber(ARGV[2 * i - 1]) then refused = 1 end
end
local told = {refused}
for i, key in ipairs(KEYS) do
  if refused == 0 then
    if counts[i] == 0 then redis.call('SET', key, 1, 'PX', ARGV[2 * i]) else redis.call('INCR', key) end
    counts[i] = counts[i] + 1
  end
  told[2 * i] = counts[i]
  told[2 * i + 1] = redis.call('PTTL', key)
end
return told
"""
DIGEST = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Rate:
    """`text` as in the settings: at most `limit` requests in `seconds`."""

    text: str
    limit: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Usage:
    """The fullest bucket of a request: its limit, what is left, and seconds until its window ends."""

    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """RateLimit-Reset counts seconds, X-RateLimit-Reset is a Unix timestamp, as clients of either kind expect."""
        limit, remaining = str(self.limit), str(self.remaining)
        return {
            "RateLimit-Limit": limit,
            "RateLimit-Remaining": remaining,
            "RateLimit-Reset": str(self.reset),
            "X-RateLimit-Limit": limit,
            "X-RateLimit-Remaining": remaining,
            "X-RateLimit-Reset": str(int(time.time()) + self.reset),
        }


class RateLimited(MarketError):
    """Too often; `usage` is the bucket that is full for longest. Nothing was done and nothing counted."""

    status, code, title = 429, "RATE_LIMITED", "Too many requests"
    detail = "Too many requests in a short time. Nothing was done; wait for as many seconds as Retry-After says."

    def __init__(self, usage: Usage):
        super().__init__(
            f"More than {usage.limit} requests in a short time. Nothing was done; try again in {usage.reset} seconds.",
            extra={"retryAfter": usage.reset},
        )
        self.usage = usage
        self.headers = {**usage.headers(), "Retry-After": str(usage.reset)}


class NotCounted(MarketError):
    """Nobody can say whether it was too often, and this scope (THROTTLES_FAIL_CLOSED) does not go unguarded."""

    status, code, title = 503, "RETRY", "Busy"
    detail = "This cannot be checked at the moment. Nothing was done; try again in a second."
    headers = {"Retry-After": "1"}


def take(scope: str, identity: str, *others: tuple[str, str]) -> Usage | None:
    """Counts a request of that identity in that scope, and in the `others` (scope, identity) at the same moment.

    None where no limit is set, or Valkey is away (an error in the log, once a second). Raises RateLimited, NotCounted.
    """
    claims = ((scope, identity), *others)
    buckets: list[tuple[Rate, str]] = []
    for name, who in claims:
        buckets += [(rate, f"throttle:{name}:{rate.text}:{who}") for rate in rates(settings.THROTTLES.get(name, ""))]
    if not buckets:
        return None
    try:
        told = _ask(buckets)
    except (RedisError, OSError) as error:
        _go_uncounted([name for name, _ in claims], error)
        return None
    return _read(buckets, told)


def throttle(request: HttpRequest, scope: str, identity: str, *others: tuple[str, str]) -> None:
    """`take` for this request, once or more: RateLimitMiddleware says in its response what came of it."""
    earlier: Usage | None = getattr(request, "usage", None)
    request.usage = earlier  # type: ignore[attr-defined]
    try:
        usage = take(scope, identity, *others)
    except RateLimited as refusal:
        request.usage = refusal.usage  # type: ignore[attr-defined]
        raise
    known = filter(None, (earlier, usage))
    request.usage = min(known, key=lambda one: one.remaining, default=None)  # type: ignore[attr-defined]


def _read(buckets: list[tuple[Rate, str]], told: list[int]) -> Usage:
    usages = [
        Usage(rate.limit, max(rate.limit - count, 0), max(math.ceil(milliseconds / 1000), 1))
        for (rate, _), count, milliseconds in zip(buckets, told[1::2], told[2::2], strict=True)
    ]
    if told[0]:
        raise RateLimited(max((usage for usage in usages if not usage.remaining), key=lambda usage: usage.reset))
    return min(usages, key=lambda usage: usage.remaining)


def _go_uncounted(scopes: list[str], error: Exception) -> None:
    """The market stays open without its counters; what guards passwords and mailboxes does not."""
    if not isinstance(error, _Paused):
        _of_thread.paused_until = time.monotonic() + PAUSE_SECONDS
        logger.error("throttles_not_counted", scopes=scopes, error=f"{type(error).__name__}: {error}")
    if not settings.THROTTLES_FAIL_CLOSED.isdisjoint(scopes):
        raise NotCounted() from error


@lru_cache(maxsize=256)
def rates(text: str) -> tuple[Rate, ...]:
    """`"10/m, 50/h"` → its rates; a unit may have a number before it: `100/10s`. Raises ValueError."""
    parsed = []
    for part in filter(None, text.replace(" ", "").split(",")):
        match = RATE.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is no rate; write 10/m, 100/10s or 50/h.")
        limit, number, unit = match.groups()
        parsed.append(Rate(part, int(limit), int(number or 1) * UNITS[unit]))
    return tuple(parsed)


# Who asks


def address_of(request: HttpRequest) -> str:
    """The caller's address as our own proxies saw it, of version 6 the network: what a caller says counts for nothing.

    TRUSTED_PROXY_COUNT says how many of the last entries in X-Forwarded-For are ours to believe.
    """
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    seen = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if proxies else []
    return network_of(seen[-proxies] if proxies <= len(seen) and proxies else request.META.get("REMOTE_ADDR", ""))


@lru_cache(maxsize=4096)
def network_of(text: str) -> str:
    """`192.0.2.1` as it is, `2001:db8:1:2:3:4:5:6` as `2001:db8:1:2::`; what is no address as "unknown"."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Network((address, IPV6_NETWORK), strict=False).network_address)
    return str(address)


def account_of(email: str) -> str:
    """The identity of an e-mail address, known here or not: no list of addresses lies about in Valkey."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]


# The connection: each thread has one of its own, which costs a fourth of what a pooled client does.


class _Paused(ConnectionLost):
    """Valkey did not answer a moment ago."""


class _OfThread(threading.local):
    connection: Connection | None = None
    paused_until = 0.0


_of_thread = _OfThread()


def _ask(buckets: list[tuple[Rate, str]]) -> list[int]:
    if time.monotonic() < _of_thread.paused_until:
        raise _Paused("Valkey did not answer a moment ago.")
    arguments = [value for rate, _ in buckets for value in (rate.limit, rate.seconds * 1000)]
    command: tuple[str | int, ...] = (len(buckets), *(key for _, key in buckets), *arguments)
    try:
        return _exchange("EVALSHA", DIGEST, *command)
    except NoScriptError:
        return _exchange("EVAL", SCRIPT, *command)
    except ConnectionLost:
        # Valkey was restarted since, or hung up on one who was silent for long; this connects anew.
        return _exchange("EVAL", SCRIPT, *command)


def _exchange(*command: str | int) -> list[int]:
    if _of_thread.connection is None:
        _of_thread.connection = _connect(settings.REDIS_URL)
    connection = _of_thread.connection
    connection.send_packed_command(connection.pack_command(*command), check_health=False)
    answer: list[int] = connection.read_response()
    return answer


def _connect(url: str) -> Connection:
    pool = ConnectionPool.from_url(url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS)
    connection: Connection = pool.connection_class(**pool.connection_kwargs)
    return connection
