"""Where we send requests to, and where never: the guard against server-side request forgery (SURVIVE W6, W7).

The address is checked after resolution and the connection goes to that very address, so a name that answers
differently the second time gains nothing. There are no redirects and no proxies from the environment.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlsplit

import httpcore2
from django.conf import settings

from marketplace.errors import Invalid

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 15.0
MOST_RESPONSE_BYTES = 4096
PUBLIC_PORTS = frozenset({443, 8443})
LONGEST_URL = 2000

GLOBAL_UNICAST = IPv6Network("2000::/3")
# Inside global unicast, yet they lead elsewhere: Teredo and its neighbours, 6to4, documentation.
TUNNELS = [IPv6Network(net) for net in ("2001::/23", "2002::/16", "2001:db8::/32", "3fff::/20")]
ISATAP = (0x00005EFE, 0x02005EFE)


class Blocked(Exception):
    """The target is not one that we send to."""


def is_public(address: str) -> bool:
    """Whether the address is on the public internet; `ipaddress.is_global` alone is not enough."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast
    return (
        ip in GLOBAL_UNICAST
        and ip.is_global
        and not any(ip in network for network in TUNNELS)
        and _interface_prefix(ip) not in ISATAP
    )


def _interface_prefix(ip: IPv6Address) -> int:
    return (int(ip) >> 32) & 0xFFFFFFFF


def is_loopback(address: str) -> bool:
    """Whether the address is this machine's own loopback, allowed where settings say so."""
    return ip_address(address.partition("%")[0]).is_loopback


def check_url(url: str, field: str) -> None:
    """Raises Invalid naming `field` unless we would ever send there. What the name resolves to is checked later."""
    local = settings.WEBHOOK_ALLOW_LOCAL_TARGETS
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Invalid.field(field, "Not a valid URL.") from error
    if len(url) > LONGEST_URL or not url.isascii() or any(character <= " " for character in url):
        raise Invalid.field(field, f"Must be at most {LONGEST_URL} ASCII characters without spaces.")
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise Invalid.field(field, "Must begin with https://.")
    if not parts.hostname:
        raise Invalid.field(field, "Must name a host.")
    if parts.username is not None or parts.password is not None:
        raise Invalid.field(field, "Must not hold a user name or password.")
    if not local and (443 if port is None else port) not in PUBLIC_PORTS:
        raise Invalid.field(field, f"Port must be one of {', '.join(map(str, sorted(PUBLIC_PORTS)))}.")
    _check_literal(parts.hostname, field, local)


def _check_literal(host: str, field: str, local: bool) -> None:
    try:
        public, loopback = is_public(host), is_loopback(host)
    except ValueError:
        return
    if not public and not (local and loopback):
        raise Invalid.field(field, "Must not be a private address.")


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Opens connections to checked addresses only."""

    def __init__(self) -> None:
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        address = await self._resolve(host, port)
        return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)

    async def _resolve(self, host: str, port: int) -> str:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        local = settings.WEBHOOK_ALLOW_LOCAL_TARGETS
        if not addresses or not all(is_public(a) or (local and is_loopback(a)) for a in addresses):
            raise Blocked("The name resolves to an address that is not public.")
        return addresses[0]


@dataclass(frozen=True)
class Answer:
    """What the receiver said, or why there was no answer."""

    status: int | None
    error: str = ""
    retry_after: str = ""
    timed_out: bool = False

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@cache
def tls_context() -> ssl.SSLContext:
    """Made once: reading the system's authorities takes longer than an attempt."""
    return ssl.create_default_context()


def new_pool() -> httpcore2.AsyncConnectionPool:
    """A pool of guarded connections, for one event loop."""
    return httpcore2.AsyncConnectionPool(
        ssl_context=tls_context(), network_backend=GuardedBackend(), max_connections=64
    )


async def send(pool: httpcore2.AsyncConnectionPool, url: str, headers: dict[str, str], body: bytes) -> Answer:
    """POSTs the body within 15 seconds in all; reads at most 4 KB of the answer. Never raises for the network.

    The URL is checked again: what may be sent to is what the settings say today, not on the day it was registered.
    """
    try:
        check_url(url, "url")
        async with asyncio.timeout(TOTAL_SECONDS):
            return await _post(pool, url, headers, body)
    except TimeoutError:
        return Answer(None, f"no answer within {TOTAL_SECONDS:.0f} seconds", timed_out=True)
    except httpcore2.TimeoutException as error:
        return Answer(None, f"{type(error).__name__}: {error}", timed_out=True)
    except (Blocked, Invalid) as error:
        return Answer(None, f"blocked: {error}")
    except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError, ValueError) as error:
        return Answer(None, f"{type(error).__name__}: {error}"[:500])


async def _post(pool: httpcore2.AsyncConnectionPool, url: str, headers: dict[str, str], body: bytes) -> Answer:
    timeouts = {"connect": CONNECT_SECONDS, "read": TOTAL_SECONDS, "write": TOTAL_SECONDS, "pool": TOTAL_SECONDS}
    async with pool.stream(
        "POST", url, headers=list(headers.items()), content=body, extensions={"timeout": timeouts}
    ) as response:
        received = 0
        async for chunk in response.aiter_stream():
            received += len(chunk)
            if received > MOST_RESPONSE_BYTES:
                break
        answered = {name.lower(): value for name, value in response.headers}
        return Answer(response.status, retry_after=answered.get(b"retry-after", b"").decode("ascii", "replace"))
