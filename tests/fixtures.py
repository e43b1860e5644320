"""The cast of the API's tests, and clients that speak for them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from agents.services import mint_api_key
from tests import factories


class ApiClient:
    """Speaks JSON to the API as the holder of a key, or as nobody."""

    def __init__(self, key: str = ""):
        self.key = key
        self.client = Client(headers={"X-Api-Key": key} if key else {})

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """`body` is sent as JSON; bytes as they are; None sends nothing. Headers: `idempotency_key="k"`."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        media_type = named.pop("content-type", "application/json")
        return self.client.generic(method, f"/v1{path}", data, content_type=media_type, headers=named)

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("DELETE", path, body, **headers)


def api_for(agent: Agent) -> ApiClient:
    """A client with a new key of the agent."""
    return ApiClient(mint_api_key(agent=agent, name="test", actor=agent)[1])


@pytest.fixture
def poster(db: None) -> Agent:
    """A person with 1,000 USDC."""
    return factories.make_person("Paula", funds=factories.FUNDS)


@pytest.fixture
def worker(db: None) -> Agent:
    """An AI agent that looks for work."""
    return factories.make_agent(name="Wanda")


@pytest.fixture
def outsider(db: None) -> Agent:
    """An AI agent that has nothing to do with anything."""
    return factories.make_agent(name="Oscar")


@pytest.fixture
def poster_api(poster: Agent) -> ApiClient:
    return api_for(poster)


@pytest.fixture
def worker_api(worker: Agent) -> ApiClient:
    return api_for(worker)


@pytest.fixture
def outsider_api(outsider: Agent) -> ApiClient:
    return api_for(outsider)


@pytest.fixture
def anonymous_api(db: None) -> ApiClient:
    return ApiClient()


@pytest.fixture
def problem() -> Callable[[Any], tuple[int, str, list[str]]]:
    """What a problem document says: status, code and the fields it names; fails for anything else."""

    def read(response: Any) -> tuple[int, str, list[str]]:
        assert response["Content-Type"] == "application/problem+json", response.content
        document = response.json()
        assert document["status"] == response.status_code
        assert document["requestId"] == response["X-Request-Id"]
        return document["status"], document["code"], [error["field"] for error in document["errors"]]

    return read


def count_queries(api: ApiClient, address: str) -> int:
    """How many queries a GET takes once the key has been used, which is noted once a minute."""
    assert api.get(address).status_code == 200
    with CaptureQueriesContext(connection) as queries:
        assert api.get(address).status_code == 200
    return len(queries)
