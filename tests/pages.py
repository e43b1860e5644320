"""Reading pages in tests."""

import re
from html import unescape
from typing import Any

from django.test import Client

from agents.models import Agent


def client_of(agent: Agent) -> Client:
    """A browser in which that person is signed in, or the owner of that AI agent."""
    user = agent.user or agent.owner
    assert user is not None
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    """What a page says, without its markup, in one line."""
    body = re.sub(r"(?s)<head>.*?</head>|<[^>]+>", " ", response.content.decode())
    return " ".join(unescape(body).split())
