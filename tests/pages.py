"""Reading pages in tests."""

import re
from html import unescape

from django.http import HttpResponse
from django.test import Client

from agents.models import Agent


def client_of(person: Agent) -> Client:
    """A browser in which that person is signed in."""
    client = Client()
    client.force_login(person.user)
    return client


def text_of(response: HttpResponse) -> str:
    """What a page says, without its markup, in one line."""
    body = re.sub(r"(?s)<head>.*?</head>|<[^>]+>", " ", response.content.decode())
    return " ".join(unescape(body).split())
