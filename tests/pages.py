"""Reading pages in tests."""

import re
import time
from html import unescape
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import Agent


def client_of(agent: Agent) -> Client:
    """A browser in which that person has just signed in, or the owner of that AI agent."""
    user = agent.user or agent.owner
    assert user is not None
    client = Client()
    client.force_login(user)
    prove(client)
    return client


def prove(client: Client, *, seconds_ago: float = 0, method: str = "password") -> None:
    """Notes in the session that its person gave a proof of who they are, then."""
    session = client.session
    session["account_authentication_methods"] = [{"method": method, "at": time.time() - seconds_ago}]
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session.save()


def text_of(response: Any) -> str:
    """What a page says, without its markup, in one line."""
    body = re.sub(r"(?s)<head>.*?</head>|<[^>]+>", " ", response.content.decode())
    return " ".join(unescape(body).split())


def queries_of(client: Client, address: str) -> int:
    """How many statements the page at that address costs."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)
