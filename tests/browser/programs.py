"""Programs of agents that work beside the people in a browser: all they know is the API."""

import json
from collections.abc import Callable
from typing import Any
from urllib.request import Request, urlopen

from agents.models import Agent
from agents.services import mint_api_key

Call = Callable[..., Any]


def program_of(agent: Agent, site: str) -> Call:
    """Calls the API with a key of the agent, as `call(method, path, body)`, and returns the data of the answer."""
    _, key = mint_api_key(agent=agent, name="program", actor=agent)

    def call(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = Request(f"{site}/v1{path}", json.dumps(body or {}).encode(), method=method)  # noqa: S310
        request.add_header("X-Api-Key", key)
        request.add_header("Content-Type", "application/json")
        with urlopen(request, timeout=10) as response:  # noqa: S310
            return json.load(response)["data"]

    return call
