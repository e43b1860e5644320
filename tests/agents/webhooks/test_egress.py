"""Where webhooks never go: the guard against server-side request forgery (SURVIVE W6, W7).

Nothing here touches the network outside: names are resolved by a table, put in at the one seam there is (getaddrinfo of
the event loop), and what would be dialled is written down instead.
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agents.webhooks import egress
from agents.webhooks.egress import Answer, check_url, is_public
from agents.webhooks.models import Delivery
from agents.webhooks.services import set_endpoint
from agents.webhooks.tasks import deliver_webhooks
from marketplace.errors import Invalid
from marketplace.events.relay import relay_batch
from marketplace.events.services import emit
from tests.receiver import Handler, Receiver, answer

PUBLIC = "93.184.216.34"

# Hosts that lead inside, in every spelling we know of.
INSIDE = [
    # Loopback and "this host", as resolvers read them.
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001"),
    *("0x7f.0x0.0x0.0x1", "127.255.255.254", "0", "0.0.0.0", "0.0.0.1"),  # noqa: S104
    # Private networks and carrier-grade NAT.
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "3232235777", "0xc0a80101"),
    *("100.64.0.1", "100.100.100.200", "100.127.255.255"),
    # Link-local, where clouds keep their metadata.
    *("169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.170.2"),
    # Documentation, benchmarks, multicast, reserved, broadcast.
    *("192.0.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    # IPv6: loopback, unspecified, IPv4 in it in several ways, NAT64, 6to4, Teredo, ISATAP.
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:10.0.0.1]"),
    *("[::ffff:169.254.169.254]", "[::ffff:0:127.0.0.1]", "[::127.0.0.1]", "[::7f00:1]"),
    *("[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::a9fe:a9fe]"),
    *("[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2002:c0a8:101::1]", "[2001::7f00:1]", "[2001:0:4136:e378::1]"),
    *("[::5efe:7f00:1]", "[2600::5efe:7f00:1]", "[2600::200:5efe:a9fe:a9fe]"),
    # IPv6: link-local, site-local, unique local, metadata, multicast, documentation, discard, unassigned.
    *("[fe80::1]", "[fe80::1%25lo]", "[fec0::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[ff0e::1]"),
    *("[2001:db8::1]", "[3fff::1]", "[5f00::1]", "[100::1]", "[2001:10::1]", "[2001:20::1]", "[4000::1]"),
]
IN_FULL = [host for host in INSIDE if host[0] == "[" or (host.count(".") == 3 and host[:2] not in {"01", "02", "0x"})]
# Names whose every answer, or one among many, leads inside.
NAMES = {
    "localhost": ["127.0.0.1"],
    "localhost.": ["127.0.0.1"],
    "LOCALHOST": ["::1"],
    "localhost.localdomain": ["127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "inside.example": ["10.0.0.7"],
    "mapped.example": ["::ffff:10.0.0.7"],
    "scoped.example": ["fe80::1%lo"],
    "one-of-many.example": [PUBLIC, "10.0.0.7"],
    "one-of-many-6.example": ["2606:4700:4700::1111", "::1", PUBLIC],
    "nothing.example": [],
}
NEVER_REGISTERED = [
    *("http://hooks.example/", "ftp://hooks.example/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_"),
    *(
        "javascript:1",
        "",
        "hooks.example",
        "//hooks.example/",
        "https://",
        "https:///hooks",
        "https://:443/",
        "https:hooks.example",
    ),
    *("https://user@hooks.example/", "https://user:pass@hooks.example/", "https://hooks.example@127.0.0.1/"),
    *("https://@hooks.example/", "https://127.0.0.1#@hooks.example/", "https://127.0.0.1?@hooks.example/"),
    *("https://hooks.example:22/", "https://hooks.example:80/", "https://hooks.example:6379/"),
    *(
        "https://hooks.example:0/",
        "https://hooks.example:65536/",
        "https://hooks.example:-1/",
        "https://hooks.example:x/",
    ),
    *("https://127。0。0。1/", "https://①②⑦.⓪.⓪.①/", "https://hööks.example/", "https://hooks.example/ü"),
    *("https://hooks.example/ x", " https://hooks.example/", "https://hooks.example/\n", "https://hooks.ex\tample/"),
    *("https://hooks.example/\x00", "https://hooks.example/\r\nX-Injected: 1", "https://[::1", "https://[hooks]/"),
    "https://hooks.example/" + "x" * 2000,
]


@dataclass
class Network:
    """Answers of the resolver by name, in turn, and the addresses that were dialled."""

    answers: dict[str, list[list[str]]] = field(default_factory=dict)
    resolved: list[str] = field(default_factory=list)
    dialled: list[tuple[str, int]] = field(default_factory=list)

    async def getaddrinfo(self, loop: Any, host: str, port: int, **hints: Any) -> list[Any]:
        self.resolved.append(host)
        if host in self.answers:
            turns = self.answers[host]
            addresses = turns.pop(0) if len(turns) > 1 else turns[0]
            return [(socket.AF_UNSPEC, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]
        # Numbers in any spelling, and nothing that would ask a name server.
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)

    async def sock_connect(self, address: tuple[Any, ...]) -> None:
        self.dialled.append((address[0], address[1]))
        raise ConnectionRefusedError("the tests dial nobody")


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    """A network in which nothing is reached; local targets are forbidden, as in production."""
    network = Network({name: [addresses] for name, addresses in NAMES.items()})
    monkeypatch.setattr(
        asyncio.base_events.BaseEventLoop,
        "getaddrinfo",
        lambda loop, host, port, **hints: network.getaddrinfo(loop, host, port, **hints),
    )
    monkeypatch.setattr(
        asyncio.selector_events.BaseSelectorEventLoop,
        "sock_connect",
        lambda loop, sock, address: network.sock_connect(address),
    )
    return network


@pytest.fixture(autouse=True)
def production(settings: Any) -> Any:
    settings.WEBHOOK_ALLOW_LOCAL_TARGETS = False
    return settings


def send(url: str) -> Answer:
    [reply] = send_to([url])
    return reply


def send_to(urls: list[str]) -> list[Answer]:
    """What came of each, one after another."""

    async def each() -> list[Answer]:
        async with egress.Sender() as sender:
            return [await sender.send(url, {"content-type": "application/json"}, b"{}") for url in urls]

    return asyncio.run(each())


@pytest.mark.parametrize("host", [*INSIDE, *NAMES])
def test_nothing_inside_is_ever_dialled(network, host):
    """W6, at delivery: as if the address had been registered when it was still harmless."""
    reply = send(f"https://{host}/hooks")
    assert network.dialled == []
    assert reply.status is None and not reply.accepted
    assert reply.error


def test_the_guard_is_what_stops_them(network, monkeypatch):
    """Negative control: with every address called public, all of these are dialled."""
    monkeypatch.setattr(egress, "is_public", lambda address: True)
    # aiohttp refuses by itself what is all digits and dots and not four numbers as one writes them.
    canonical = [host for host in INSIDE if host in IN_FULL or not host.replace(".", "").isdecimal()]
    reachable = [host for host in canonical if "%" not in host]
    send_to([f"https://{host}/hooks" for host in reachable])
    assert len(network.dialled) == len(reachable)


@pytest.mark.parametrize("host", IN_FULL)
def test_addresses_inside_are_not_registered(host):
    """W6, at registration: short, octal and hexadecimal spellings are names until they are resolved."""
    with pytest.raises(Invalid) as refusal:
        check_url(f"https://{host}/hooks", "webhookUrl")
    assert [error.field for error in refusal.value.errors] == ["webhookUrl"]


@pytest.mark.parametrize("url", NEVER_REGISTERED, ids=range(len(NEVER_REGISTERED)))
def test_only_plain_https_addresses_are_registered(url):
    """W6"""
    with pytest.raises(Invalid) as refusal:
        check_url(url, "webhookUrl")
    assert [error.field for error in refusal.value.errors] == ["webhookUrl"]


@pytest.mark.parametrize("url", NEVER_REGISTERED, ids=range(len(NEVER_REGISTERED)))
def test_an_address_that_should_not_be_there_harms_nobody(network, url):
    """The sender never raises, whatever is in the row."""
    reply = send(url)
    assert not reply.accepted and reply.error
    assert all(is_public(address) for address, _ in network.dialled)


@pytest.mark.parametrize("host", ["hooks.example", "hooks.example:8443", "xn--hks-sna.example", PUBLIC])
def test_public_addresses_are_registered(host):
    check_url(f"https://{host}/hooks?a=b", "webhookUrl")


@pytest.mark.parametrize(
    "address", [PUBLIC, "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "2606:4700:4700::1111"]
)
def test_public_addresses_are_public(address):
    assert is_public(address)


def test_what_is_dialled_is_what_was_vetted(network):
    """W7: a name that answers differently the second time gains nothing."""
    network.answers["rebind.example"] = [[PUBLIC], ["127.0.0.1"]]
    send("https://rebind.example/hooks")
    assert (network.resolved, network.dialled) == (["rebind.example"], [(PUBLIC, 443)])
    send("https://rebind.example/hooks")
    assert network.dialled == [(PUBLIC, 443)]


def test_no_proxy_of_the_environment_is_used(network, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:3128")
    network.answers["hooks.example"] = [[PUBLIC]]
    send("https://hooks.example/hooks")
    assert network.dialled == [(PUBLIC, 443)]


def test_a_trial_may_send_to_its_own_machine_but_not_into_its_network(network, production):
    production.WEBHOOK_ALLOW_LOCAL_TARGETS = True
    check_url("http://127.0.0.1:9999/hooks", "webhookUrl")
    check_url("http://localhost:9999/hooks", "webhookUrl")
    for host in ("10.0.0.1", "169.254.169.254", "[fd00:ec2::254]", "0.0.0.1"):
        with pytest.raises(Invalid):
            check_url(f"http://{host}/hooks", "webhookUrl")
    for host in ("inside.example", "metadata.google.internal", "0xa9fea9fe"):
        assert send(f"http://{host}/hooks").error.startswith("blocked")
    assert network.dialled == []


@pytest.mark.django_db
def test_the_row_says_that_it_was_blocked(network, worker):
    """W6: all that the owner of the endpoint learns."""
    relay_batch()
    set_endpoint(agent=worker, url="https://metadata.google.internal/computeMetadata/v1/", actor=worker)
    emit("test.told", actor=None, audience=[worker], data={})
    relay_batch()
    deliver_webhooks()
    delivery = Delivery.objects.get()
    assert (delivery.attempts, delivery.response_status) == (1, None)
    assert delivery.last_error == "blocked: The name resolves to an address that is not public."
    assert network.dialled == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(receiver, production, status):
    """W7"""
    production.WEBHOOK_ALLOW_LOCAL_TARGETS = True
    receiver.behaviour = answer(status, {"Location": receiver.url + "/inside"})
    reply = send(receiver.url)
    assert (reply.status, reply.accepted) == (status, False)
    assert [request.path for request in receiver.requests] == ["/hooks"]


@pytest.fixture
def secure_receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, production: Any) -> Iterator[Receiver]:
    """A receiver with a certificate for hooks.example, of an authority that the sender trusts."""
    production.WEBHOOK_ALLOW_LOCAL_TARGETS = True
    certificate = make_certificate(tmp_path, "hooks.example")
    monkeypatch.setattr(egress, "tls_context", lambda: ssl.create_default_context(cafile=certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.handle_error = lambda *args: None  # type: ignore[method-assign]
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.receiver = Receiver(url=f"https://hooks.example:{server.server_port}/hooks")  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.receiver  # type: ignore[attr-defined]
        server.shutdown()


def make_certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(("host", "accepted"), [("hooks.example", True), ("other.example", False)])
def test_the_certificate_is_that_of_the_name_though_the_address_is_dialled(
    secure_receiver, monkeypatch, host, accepted
):
    """W7"""
    names = Network({host: [["127.0.0.1"]]})
    monkeypatch.setattr(
        asyncio.base_events.BaseEventLoop,
        "getaddrinfo",
        lambda loop, *args, **hints: names.getaddrinfo(loop, *args, **hints),
    )
    reply = send(secure_receiver.url.replace("hooks.example", host))
    assert reply.accepted == accepted, reply
    assert len(secure_receiver.requests) == accepted
    assert accepted or "certificate" in reply.error.lower()
