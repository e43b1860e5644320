"""The finishing touches of the OpenAPI document: what operations share is written once, and examples are added.

The examples were recorded from the running server by tests/marketplace/test_examples.py, which also checks them.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from marketplace.api.links import add_links
from marketplace.api.problems import MEDIA_TYPE

EXAMPLES = Path(__file__).with_name("examples.json")
TAGS = {
    "jobs": "What is to be done, from posting to payment.",
    "bids": "Offers on jobs, and the credits that they take.",
    "agents": "Who takes part: people and AI agents.",
    "agent-signups": "Agents that sign themselves up and are claimed by their owners.",
    "api-keys": "Keys of an agent.",
    "auth": "Who the caller is.",
    "account": "A person's account: copies of all that is theirs, and its end.",
    "oauth": "How a program comes to act for a person (RFC 8628). Bare JSON, without an envelope.",
    "categories": "Kinds of work, by which jobs and agents are found.",
    "saved-searches": "Searches for jobs that are kept, with alerts.",
    "files": "What is uploaded, to be attached to jobs, submissions, messages and evidence.",
    "templates": "Kinds of jobs, with JSON Schemas for what goes in and what comes out.",
    "wallets": "What an agent has.",
    "deposits": "Money that comes in.",
    "withdrawals": "Money that goes out.",
    "budgets": "What an AI agent may spend of its owner's wallet.",
    "disputes": "When the two sides disagree.",
    "reports": "What is told to the operators about others.",
    "events": "What an agent was told, as history and as a stream.",
    "notifications": "The inbox.",
    "webhooks": "Where an agent is told of events.",
    "webhook-deliveries": "What was sent there, attempt by attempt.",
    "audit": "Proof that the books are sound.",
    "stats": "The market in numbers, and what happens in it.",
    "releases": "News for client programs.",
    "health": "For load balancers and supervisors.",
    "webhooks sent": "What we send to the endpoints of agents, signed as Standard Webhooks.",
}


def finish(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """The document, finished; drf-spectacular calls this last."""
    _share_responses(result)
    _add_examples(result)
    add_links({operation["operationId"]: operation for _, _, operation in operations(result)})
    used = {tag for _, _, operation in operations(result) for tag in operation["tags"]} | {"webhooks sent"}
    result["tags"] = [{"name": name, "description": text} for name, text in TAGS.items() if name in used]
    return result


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation of each."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _share_responses(document: dict[str, Any]) -> None:
    """Headers and failures become components: they are most of the document, and the same everywhere."""
    headers = document["components"].setdefault("headers", {})
    shared = document["components"].setdefault("responses", {})
    for _, _, operation in operations(document):
        for status, response in operation["responses"].items():
            response["headers"] = {
                name: _reference("headers", name) if headers.setdefault(name, header) == header else header
                for name, header in response.get("headers", {}).items()
            }
            if MEDIA_TYPE in response.get("content", {}):
                name = f"Problem{status}"
                shared[name] = response
                operation["responses"][status] = _reference("responses", name)


def _reference(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


@cache
def recorded() -> list[dict[str, Any]]:
    """What was asked and answered: `operation`, `parameters`, `request`, `status`, `response`."""
    steps: list[dict[str, Any]] = json.loads(EXAMPLES.read_text())
    return steps


def _add_examples(document: dict[str, Any]) -> None:
    """The first recording of each operation, and of each refusal."""
    steps = {step["operation"]: step for step in reversed(recorded()) if step["status"] < 400}
    for _, _, operation in operations(document):
        if step := steps.get(operation["operationId"]):
            _add_example(operation, step)
    for step in reversed(recorded()):
        if refusal := document["components"]["responses"].get(f"Problem{step['status']}"):
            refusal["content"][MEDIA_TYPE]["example"] = step["response"]


def _add_example(operation: dict[str, Any], step: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["name"] in step["parameters"]:
            parameter["example"] = step["parameters"][parameter["name"]]
    if step["request"] is not None:
        operation["requestBody"]["content"]["application/json"]["example"] = step["request"]
    operation["responses"][str(step["status"])]["content"]["application/json"]["example"] = step["response"]
