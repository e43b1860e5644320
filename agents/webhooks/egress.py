"""Where we send requests to, and where never: the guard against server-side request forgery (SURVIVE W6, W7).

The address is checked after resolution and the connection goes to that very address, so a name that answers
differently the second time gains nothing. There are no redirects and no proxies from the environment.
"""

import asyncio
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from django.conf import settings
from yarl import URL

from marketplace.errors import Invalid

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 15.0
MOST_RESPONSE_BYTES = 4096
PUBLIC_PORTS = frozenset({443, 8443})
MOST_HEADER_BYTES = 8190
LONGEST_URL = 2000
# Less than the least that servers keep an idle connection, so that none is closed under a request.
IDLE_SECONDS = 2.0

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


def is_allowed(address: str) -> bool:
    """Whether we connect to the address: a public one, or loopback where settings say so."""
    return is_public(address) or (settings.WEBHOOK_ALLOW_LOCAL_TARGETS and is_loopback(address))


class GuardedResolver(AbstractResolver):
    """The first address of a name, if every one of them is allowed: a name with one bad answer is a bad name."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or not all(map(is_allowed, addresses)):
            raise Blocked("The name resolves to an address that is not public.")
        kind = socket.AF_INET6 if ":" in addresses[0] else socket.AF_INET
        numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [ResolveResult(hostname=host, host=addresses[0], port=port, family=kind, proto=0, flags=numeric)]

    async def close(self) -> None:
        """Nothing is kept open."""


def guarded_socket(target: Any) -> socket.socket:
    """A socket for that very address, which was looked at once more; numbers in URLs are not resolved before."""
    family, kind, protocol, _, address = target
    if not is_allowed(str(address[0])):
        raise Blocked("The address is not public.")
    return socket.socket(family, kind, protocol)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said, or why there was no answer. `body` is the beginning of it, as it came."""

    status: int | None
    error: str = ""
    retry_after: str = ""
    timed_out: bool = False
    body: bytes = b""

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@cache
def tls_context() -> ssl.SSLContext:
    """Made once: reading the system's authorities takes longer than an attempt."""
    return ssl.create_default_context()


class Sender:
    """Posts through guarded connections that are kept for the next request; for one event loop.

    `async with Sender() as sender`. No cookies, redirects or proxies, and answers are not unpacked.
    """

    async def __aenter__(self) -> Self:
        # Name servers that are slow to answer occupy a thread each.
        threads = ThreadPoolExecutor(settings.WEBHOOKS_IN_FLIGHT, "resolver")
        asyncio.get_running_loop().set_default_executor(threads)
        connector = aiohttp.TCPConnector(
            ssl=tls_context(),
            resolver=GuardedResolver(),
            use_dns_cache=False,
            socket_factory=guarded_socket,
            limit=0,
            keepalive_timeout=IDLE_SECONDS,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            # Without a ceiling of its own aiohttp rounds the time up to whole seconds.
            timeout=aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS, ceil_threshold=60),
            read_bufsize=MOST_RESPONSE_BYTES,
            max_line_size=MOST_HEADER_BYTES,
            max_field_size=MOST_HEADER_BYTES,
            headers={"accept": "*/*", "accept-encoding": "identity"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def send(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """POSTs the body within 15 seconds in all; reads at most 4 KB of the answer. Never raises for the network.

        The URL is checked again: what may be sent to is what the settings say today, not when it was registered.
        """
        try:
            return await self._post(_target(url, settings.WEBHOOK_ALLOW_LOCAL_TARGETS), headers, body)
        except TimeoutError:
            return Answer(None, f"no answer within {TOTAL_SECONDS:.0f} seconds", timed_out=True)
        except (Blocked, Invalid) as error:
            return Answer(None, f"blocked: {error}")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(None, f"{type(error).__name__}: {error}"[:500])

    async def _post(self, target: URL, headers: dict[str, str], body: bytes) -> Answer:
        async with self._session.post(
            target, data=aiohttp.BytesPayload(body), headers=headers, allow_redirects=False
        ) as response:
            # Leaving the block closes the connection when there is more.
            beginning = await _read(response, MOST_RESPONSE_BYTES)
            retry_after = response.headers.get("retry-after", "")
        return Answer(response.status, retry_after=retry_after, body=beginning)


@lru_cache(maxsize=10_000)
def _target(url: str, allow_local: bool) -> URL:
    """The URL, if we send there under that setting, which is part of what is remembered. Raises Invalid."""
    check_url(url, "url")
    return URL(url, encoded=True)


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    """The first bytes of the answer."""
    parts, missing = [], most
    while missing and (part := await response.content.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
