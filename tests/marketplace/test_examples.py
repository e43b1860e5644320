"""Every example in the OpenAPI document was asked and answered just so by the running server (FEATURES J19).

The story below is told over HTTP, written down with ids and times made the same each time, and compared with
marketplace/api/examples.json, from which the document takes its examples. RECORD_EXAMPLES=1 writes the file anew.
"""

import json
import os
import re
from collections.abc import Callable
from typing import Any

import httpx2
import jsonschema_rs
import pytest

from agents.services import mint_api_key
from marketplace.api.docs import openapi_document
from marketplace.api.document import EXAMPLES, operations, recorded
from marketplace.demo.templates import load_templates
from tests import factories

RECORD = os.environ.get("RECORD_EXAMPLES") == "1"
KETTLE = {"product": "Wren kettle", "features": ["boils a cup in a minute"], "tone": "plain"}
PAGE = {
    "headline": "Wren: tea in a minute",
    "description": "The Wren boils one cup in one minute.",
    "keywords": ["kettle"],
}
ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


class Story:
    """Tells steps to the server and writes them down."""

    def __init__(self, url: str):
        self.url = url
        self.keys: dict[str, str] = {}
        self.steps: list[dict[str, Any]] = []
        self.operations = {(m.upper(), p): o["operationId"] for p, m, o in operations(openapi_document())}

    def tell(self, who: str, method: str, path: str, body: Any = None, *, status: int = 0, **options: Any) -> Any:
        """`path` as in the document; `of` its parameters, `query` those after the question mark, `headers` too.

        Returns `data`. Fails unless the answer has the status, or is a success when none is named.
        """
        of, query, headers = options.get("of", {}), options.get("query", {}), options.get("headers", {})
        key = {"X-Api-Key": self.keys[who]} if who else {}
        answer = httpx2.request(
            method, f"{self.url}/v1{path.format(**of)}", json=body, params=query, headers={**key, **headers}, timeout=30
        )
        assert answer.status_code == status or (not status and answer.is_success), (path, answer.text)
        said = answer.json()
        self.steps.append(
            {
                "operation": self.operations[method, f"/v1{path}"],
                "parameters": {**of, **query, **headers},
                "request": body,
                "status": answer.status_code,
                "response": said,
            }
        )
        return said.get("data", said)


# What differs from one telling to the next, after what stays in front of it, and the name that the nth of it gets.
PASSING: list[tuple[str, str, Callable[[int], str]]] = [
    ("", "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "019a0000-0000-7000-8000-{:012d}".format),
    ("0x", "[0-9a-f]{64}", "{:064x}".format),
    ("", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", lambda n: "2026-03-01T09:00:00.000Z"),
    ("mj_live_|whsec_", '[^"]+', lambda n: "…"),
    ('"(?:device_code|user_code)": "|user_code=', '[^"]+', lambda n: "WDJB-MJHT"),
    ('"(?:sequence|position|client_id_issued_at)": "?', r"\d+", str),
]


def same_each_time(text: str, url: str) -> str:
    """The recording with the nth id, hash and moment under a name of its own, and no secret in it."""
    text = text.replace(url, "https://guildhall.example")
    for front, passing, name in PASSING:
        names: dict[str, str] = {}

        def rename(found: re.Match[str], names: dict[str, str] = names, name: Callable[[int], str] = name) -> str:
            return found[1] + names.setdefault(found[2], name(len(names) + 1))

        text = re.sub(f"({front})({passing})", rename, text)
    return text


@pytest.fixture
def story(live_server: Any, settings: Any) -> Story:
    settings.SITE_URL = live_server.url
    load_templates()
    return Story(live_server.url)


def cast(story: Story) -> None:
    """A person with money, an agent, and a person with neither."""
    people = {
        "poster": factories.make_person("Paula", funds=factories.FUNDS),
        "worker": factories.make_agent(name="Wanda", handle="wanda", skills=["writing"]),
        "poor": factories.make_person("Pia"),
    }
    for who, agent in people.items():
        agent.handle = who if who != "worker" else "wanda"
        agent.save()
        story.keys[who] = mint_api_key(agent=agent, name=who, actor=agent)[1]


def tell_of_signing_up(story: Story) -> None:
    story.tell("", "GET", "/agents/availability", query={"handle": "inkwell"})
    sent = {"agentHandle": "inkwell", "name": "Inkwell", "ownerEmail": "owner@example.com", "vertical": "writing"}
    signup = story.tell("", "POST", "/agent-signups", sent)
    story.tell("", "GET", "/agent-signups/{id}", of={"id": signup["intentId"]})
    made = story.tell("poster", "POST", "/agents", {"id": "marginalia", "name": "Marginalia", "vertical": "writing"})
    key = story.tell("poster", "POST", "/agents/{agentId}/api-keys", {"name": "laptop"}, of={"agentId": made["id"]})
    of = {"agentId": made["id"], "id": key["id"]}
    story.tell("poster", "POST", "/agents/{agentId}/api-keys/{id}/revoke", of=of)
    client = story.tell("", "POST", "/oauth/register", {"client_name": "Command line"})
    asked = {"client_id": client["client_id"], "scope": "profile jobs:read"}
    story.tell("", "POST", "/oauth/device_authorization", asked)
    story.tell("worker", "GET", "/auth/me")
    story.tell("worker", "PATCH", "/agents/me", {"skills": ["writing"], "minBudgetUsdc": "5.00", "maxActiveJobs": 3})
    story.tell("worker", "POST", "/agents/heartbeat", {"statusReport": "Looking for work."})


def tell_of_a_job(story: Story) -> None:
    sent = {"templateId": "product-description", "title": "Product page for a kettle", "budgetUsdc": "50.00"}
    sent |= {"inputData": KETTLE, "skills": ["writing"], "terms": {"reviewWindowSeconds": 86400}}
    sent |= {"questions": ["Have you written about kettles before?"]}
    headers = {"Idempotency-Key": "kettle-1"}
    job = {"id": story.tell("poster", "POST", "/jobs", sent, headers=headers)["id"]}
    of = {"jobId": job["id"]}
    story.tell("poster", "POST", "/jobs", {**sent, "budgetUsdc": "60.00"}, headers=headers, status=422)
    story.tell("poster", "POST", "/jobs", {"title": "Too little", "budgetUsdc": "a lot"}, status=400)
    story.tell("", "GET", "/jobs", query={"status": "OPEN", "skills": "writing", "limit": 5})
    story.tell("worker", "GET", "/jobs/{id}", of=job)
    story.tell("", "GET", "/jobs/{id}", of=job, status=401)
    offer = {
        "amount": "45.00",
        "coverLetter": "Within the hour.",
        "etaMinutes": 45,
        "answers": ["Twice, and about pots."],
    }
    bid = story.tell("worker", "POST", "/jobs/{jobId}/bids", offer, of=of)
    story.tell("poster", "GET", "/jobs/{jobId}/bids", of=of, query={"sort": "score"})
    story.tell("poster", "POST", "/jobs/{jobId}/bids/{id}/accept", {"version": 1}, of={**of, "id": bid["id"]})
    story.tell("poster", "PATCH", "/jobs/{id}/approve", {}, of=job, status=409)
    story.tell("worker", "PATCH", "/jobs/{id}/start", of=job)
    story.tell("worker", "POST", "/jobs/{id}/progress", {"percent": 50, "note": "Outline done."}, of=job)
    story.tell("worker", "PATCH", "/jobs/{id}/submit", {"outputData": PAGE}, of=job)
    story.tell("poster", "PATCH", "/jobs/{id}/reject", {"reason": "Please name the colour."}, of=job)
    red = PAGE | {"description": "The red Wren boils one cup in one minute."}
    story.tell("worker", "PATCH", "/jobs/{id}/submit", {"outputData": red}, of=job)
    story.tell("worker", "PATCH", "/jobs/{id}/approve", {}, of=job, status=403)
    story.tell("poster", "PATCH", "/jobs/{id}/approve", {"rating": 5, "review": "Quick and careful."}, of=job)
    story.tell("poster", "PATCH", "/jobs/{id}/tip", {"amountUsdc": "2.00"}, of=job)
    story.tell("poster", "GET", "/jobs/{jobId}/events", of=of)
    made = story.tell("worker", "POST", "/jobs/{jobId}/reviews", {"rating": 5, "review": "Clear and fair."}, of=of)
    story.tell("poster", "POST", "/reviews/{id}/reply", {"reply": "Gladly again."}, of={"id": made["id"]})
    story.tell("", "GET", "/jobs/{id}/public", of=job)


def tell_of_other_jobs(story: Story) -> None:
    draft = story.tell("poster", "POST", "/jobs", {"title": "A draft", "budgetUsdc": "10.00", "publish": False})
    of = {"id": draft["id"]}
    story.tell("poster", "PATCH", "/jobs/{id}", {"budgetUsdc": "12.00"}, of=of)
    story.tell("poster", "POST", "/jobs/{id}/publish", of=of)
    bid = story.tell("worker", "POST", "/jobs/{jobId}/bids", {"amount": "12.00"}, of={"jobId": draft["id"]})
    ids = {"jobId": draft["id"], "id": bid["id"]}
    story.tell("poster", "PATCH", "/jobs/{jobId}/bids/{id}/sorting", {"pile": "SHORTLISTED", "note": "Quick."}, of=ids)
    story.tell("worker", "DELETE", "/jobs/{jobId}/bids/{id}", of=ids)
    story.tell("poster", "PATCH", "/jobs/{id}/cancel", {"reason": "No longer needed."}, of=of)
    for verb in ("accept-offer", "decline"):
        offer = {"title": "The usual report", "budgetUsdc": "35.00", "invitedAgentId": "wanda"}
        made = story.tell("poster", "POST", "/jobs", offer)
        story.tell("worker", "POST", f"/jobs/{{id}}/{verb}", of={"id": made["id"]})
        if verb == "accept-offer":
            story.tell("worker", "PATCH", "/jobs/{id}/start", of={"id": made["id"]})
            tell_of_an_agreement(story, made["id"])
            tell_of_a_dispute(story, made["id"])
    dear = story.tell("poor", "POST", "/jobs", {"title": "Beyond my means", "budgetUsdc": "20.00"})
    story.tell("poor", "PATCH", "/jobs/{id}/assign", {"agentId": "wanda"}, of={"id": dear["id"]}, status=402)
    bid = story.tell("worker", "POST", "/jobs/{jobId}/bids", {"amount": "19.00"}, of={"jobId": dear["id"]})
    no = {"bidIds": [bid["id"]], "message": "Sorry: the money is not there yet."}
    story.tell("poor", "POST", "/jobs/{jobId}/bids/decline", no, of={"jobId": dear["id"]})
    story.tell(
        "poster", "PATCH", "/jobs/{id}/assign", {"agentId": "wanda"}, of={"id": made["poster"]["uuid"]}, status=404
    )


def tell_of_an_agreement(story: Story, job: str) -> None:
    end = {"kind": "CANCEL", "outcome": "SPLIT", "workerBps": 4000, "note": "We closed the shop."}
    made = story.tell("poster", "POST", "/jobs/{jobId}/agreements", end, of={"jobId": job})
    story.tell("worker", "POST", "/jobs/{jobId}/agreements/{id}/decline", of={"jobId": job, "id": made["id"]})
    offer = {"title": "A report too many", "budgetUsdc": "35.00", "invitedAgentId": "wanda"}
    of = {"id": story.tell("poster", "POST", "/jobs", offer)["id"]}
    story.tell("worker", "POST", "/jobs/{id}/accept-offer", of=of)
    story.tell("worker", "POST", "/jobs/{id}/give-back", {"reason": "I have too much to do."}, of=of)


def tell_of_a_dispute(story: Story, job: str) -> None:
    wrong = {"reason": "The sources that were promised are missing.", "category": "NOT_AS_AGREED"}
    made = story.tell("worker", "POST", "/jobs/{jobId}/disputes", wrong, of={"jobId": job})
    of = {"id": made["id"]}
    story.tell("poster", "POST", "/disputes/{id}/respond", {"statement": "They are in the brief."}, of=of)
    shown = {"text": "The brief as it was sent to me.", "link": "https://example.com/brief"}
    story.tell("worker", "POST", "/disputes/{id}/evidence", shown, of=of)
    half = {"outcome": "SPLIT", "posterBps": 5000, "note": "Half each."}
    story.tell("worker", "POST", "/disputes/{disputeId}/offers", half, of={"disputeId": made["id"]})
    story.tell("worker", "POST", "/disputes/{id}/close", {"reason": "Found them."}, of=of)
    story.tell("worker", "POST", "/disputes", {**wrong, "jobId": job})


def tell_of_what_is_kept(story: Story) -> None:
    draft = {"data": {"title": "A report"}, "step": "work"}
    of = {"id": story.tell("poster", "POST", "/job-drafts", draft)["id"]}
    story.tell("poster", "PATCH", "/job-drafts/{id}", {"data": {"budgetUsdc": "30.00"}}, of=of)
    story.tell("poster", "POST", "/job-drafts/preview", {"text": "Two pages, *no more*."})
    search = {"name": "Short texts", "alerts": True, "filters": {"vertical": "writing", "maxBudget": "50.00"}}
    of = {"id": story.tell("worker", "POST", "/saved-searches", search)["id"]}
    story.tell("worker", "PATCH", "/saved-searches/{id}", {"alerts": False}, of=of)
    listing = {"tagline": "Product pages within the hour.", "basePriceUsdc": "20.00", "categories": ["writing"]}
    story.tell("worker", "PATCH", "/agents/{agentId}/listing", listing, of={"agentId": "me"})
    sample = {"title": "A kettle", "text": "It boils *one* cup in one minute."}
    story.tell("worker", "POST", "/agents/{agentId}/samples", sample, of={"agentId": "me"})
    story.tell("poster", "POST", "/agents/{agentId}/favourite", of={"agentId": "wanda"})
    report = {"about": "agent", "id": "wanda", "reason": "OTHER", "details": "The same offer on every job."}
    story.tell("poor", "POST", "/reports", report)


def tell_of_money_and_hooks(story: Story) -> None:
    me = {"agentId": "me"}
    story.tell("worker", "GET", "/agents/{agentId}/wallet", of=me)
    story.tell("worker", "GET", "/agents/{agentId}/wallet/transactions", of=me, query={"type": "ESCROW_RELEASE"})
    out = {"toAddress": ADDRESS, "amountUsdc": "10.00"}
    story.tell("worker", "POST", "/agents/{agentId}/wallet/withdraw", out, of=me, headers={"Idempotency-Key": "out-1"})
    story.tell("poster", "POST", "/agents/{agentId}/wallet/deposits", {"amountUsdc": "25.00"}, of=me)
    story.tell("worker", "GET", "/bids/allowance/{agentId}", of=me)
    story.tell("poster", "POST", "/bids/allowance/{agentId}/buy", {"quantity": 10}, of=me)
    caps = {"perJobUsdc": "20.00", "dailyUsdc": "50.00", "monthlyUsdc": "500.00"}
    story.tell("poster", "PUT", "/agents/{agentId}/budget", caps, of={"agentId": "marginalia"})
    hook = {"url": "http://127.0.0.1:9/won", "name": "Won", "types": ["bid.accepted", "job.paid"]}
    made = story.tell("worker", "POST", "/agents/{agentId}/webhooks", hook, of=me)
    of = {**me, "id": made["id"]}
    story.tell("worker", "PATCH", "/agents/{agentId}/webhooks/{id}", {"types": []}, of=of)
    story.tell("worker", "POST", "/agents/{agentId}/webhooks/{id}/rotate-secret", {"overlapSeconds": 3600}, of=of)
    since = {"since": "2026-02-01T00:00:00Z"}
    story.tell("worker", "POST", "/agents/{agentId}/webhooks/{id}/resend", since, of=of)
    story.tell("worker", "POST", "/agents/{agentId}/webhooks/{id}/replay", since, of=of)
    story.tell("worker", "POST", "/agents/{agentId}/notifications/read", {}, of=me)
    story.tell("worker", "GET", "/events", query={"limit": 5})


PARTS = (tell_of_signing_up, tell_of_a_job, tell_of_other_jobs, tell_of_what_is_kept, tell_of_money_and_hooks)


@pytest.mark.django_db(transaction=True, reset_sequences=True)
def test_the_examples_are_what_the_server_says(story: Story) -> None:
    cast(story)
    for part in PARTS:
        part(story)
    told = json.loads(same_each_time(json.dumps(story.steps, ensure_ascii=False), story.url))
    if RECORD:
        EXAMPLES.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        recorded.cache_clear()
    for now, then in zip(told, recorded(), strict=True):
        assert now == then, "If the API says something else on purpose, RECORD_EXAMPLES=1 writes its examples anew."


def test_every_example_fits_its_schema() -> None:
    """Requests and answers, refusals too, by the schemas of the document that shows them."""
    document = openapi_document()
    of = {operation["operationId"]: operation for _, _, operation in operations(document)}
    for step in recorded():
        operation = of[step["operation"]]
        response = operation["responses"][str(step["status"])]
        if "$ref" in response:
            response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        [media] = response["content"].values()
        assert errors(document, media["schema"], step["response"]) == [], step["operation"]
        if step["request"] and step["status"] < 400:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert errors(document, schema, step["request"]) == [], step["operation"]


def errors(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    whole = {**schema, "components": document["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(value)]


def test_what_changes_something_and_takes_a_body_has_an_example() -> None:
    """Those that do not are named here, with the reason."""
    without = {
        "agentSignupsClaim": "needs a session and what is in a mail",
        "agentsHeartbeat": "as agentsOwnHeartbeat",
        "agentsPartialUpdate": "as agentsUpdateOwn",
        "agentsWebhook": "as webhooksCreate",
        "avatarsCreate": "takes a form, not JSON",
        "agentRegistrationsCreate": "belongs to another API",
        "jobMessagesCreate": "belongs to conversations",
        "bidsApply": "as bidsCreate",
        "disputeAppealsCreate": "needs a ruling",
        "disputesAsk": "is for mediators and operators",
        "disputesAssign": "is for operators",
        "disputesResolve": "is for mediators and operators",
        "filesCreate": "takes a form, not JSON",
        "handlesChange": "is for people",
        "bidsBuyExtra": "as bidsBuy",
        "budgetsPartialUpdate": "as budgetsUpdate",
        "jobsAssign": "as bidsAccept",
        "oauthToken": "needs a code that a person confirmed",
        "withdrawalsCreateOf": "as withdrawalsCreate",
    }
    told = {step["operation"] for step in recorded() if step["status"] < 400}
    silent = {
        operation["operationId"]
        for _, _, operation in operations(openapi_document())
        if "requestBody" in operation and operation["operationId"] not in told
    }
    assert {name for name in silent if not re.search("(Post|Patch)$", name)} - without.keys() == set()


def test_the_document_shows_them() -> None:
    document = openapi_document()
    operation = document["paths"]["/v1/jobs"]["post"]
    assert operation["requestBody"]["content"]["application/json"]["example"]["title"] == "Product page for a kettle"
    assert operation["responses"]["201"]["content"]["application/json"]["example"]["data"]["status"] == "OPEN"
    problems = document["components"]["responses"]
    for status in ("400", "401", "402", "403", "404", "409", "422"):
        assert problems[f"Problem{status}"]["content"]["application/problem+json"]["example"]["status"] == int(status)
