"""A node behind a URL that is as good as a password, with the many ways in which such a one does not answer."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.wallets.rails.evm.conftest import NewRail
from wallets.rails.base import RailUnavailable
from wallets.rails.evm import chain

SECRET = "v3-secret-of-the-url"


class Answer(BaseHTTPRequestHandler):
    """What the test set as the server's `answer`; nothing at all until the test is over, if that is None."""

    server: Any

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.answer is None:
            self.server.over.wait(30)
            return
        status, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.over = threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


def refusal(new_rail: NewRail, port: int) -> str:
    """What the rail says, which must not be the URL."""
    rail = new_rail(provider=None, rpc_url=f"http://127.0.0.1:{port}/{SECRET}")
    with pytest.raises(RailUnavailable) as caught:
        rail.chain.head()
    assert SECRET not in f"{caught.value} {rail!r} {rail.chain!r}"
    assert caught.value.__cause__ is None and (caught.value.__suppress_context__ or not caught.value.__context__)
    return str(caught.value)


def rpc(**answer: Any) -> tuple[int, bytes]:
    return 200, json.dumps({"jsonrpc": "2.0", "id": 0, **answer}).encode()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (rpc(result="0x539"), "but its node is on chain 1337"),
        (rpc(error={"code": -32005, "message": "daily request count exceeded"}), "daily request count exceeded"),
        (rpc(error={"code": -32000}), "failed"),
        ((401, b"no"), "HTTPError"),
        ((429, b"slower"), "HTTPError"),
        ((503, b"later"), "HTTPError"),
        ((200, b"<html>maintenance</html>"), "failed"),
        ((200, b""), "failed"),
        ((200, b"[]"), "failed"),
    ],
)
def test_whatever_a_node_answers_instead_of_an_answer_makes_us_wait(new_rail, server, answer, words):
    server.answer = answer
    assert words in refusal(new_rail, server.server_port)


def test_a_node_that_does_not_answer_in_time_is_given_up_for_now(new_rail, server, monkeypatch):
    monkeypatch.setattr(chain, "NODE_SECONDS", 0.05)
    server.answer = None
    assert "ReadTimeout" in refusal(new_rail, server.server_port)


def test_a_node_that_is_not_there_is_given_up_for_now(new_rail):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert "ConnectionError" in refusal(new_rail, port)


def test_a_node_gets_ten_seconds(new_rail):
    assert chain.NODE_SECONDS == 10
    rail = new_rail(provider=None, rpc_url="http://127.0.0.1:1/")
    assert rail.chain._web3.provider.get_request_kwargs()["timeout"] == 10
    assert rail.chain._web3.provider.exception_retry_configuration is None
