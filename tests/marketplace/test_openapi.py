"""The OpenAPI document is whole and true, and no input gets a 500 (FEATURES J19, SURVIVE S9).

Every limit that the document names is tried from both sides, then a few requests that are always the same, then calls
that follow each other as its links say. FUZZ_EXAMPLES=1000 makes that 1000 random ones for each operation, and
FUZZ_OPERATIONS='^bids' looks at some of them alone.
"""

import os
import random
from collections.abc import Iterator
from itertools import cycle, product
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, settings

from agents.models import Agent
from agents.webhooks.services import send_test, set_endpoint
from jobs.lifecycle import Status
from jobs.models import Job, JobTemplate
from marketplace.api.docs import openapi_document
from marketplace.api.document import operations
from marketplace.api.renderers import BYTES
from marketplace.events.types import all_types
from tests.factories import fund, job_in
from tests.fixtures import ApiClient

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
CHECKED = {
    # What a schema cannot say, such as that a deadline lies ahead, makes these two fail on good behaviour.
    "checks": {"positive_data_acceptance": {"enabled": False}, "negative_data_rejection": {"enabled": False}},
    # Beside the tests no worker runs, and Google knows nothing of them: here one 5xx is what the document promises.
    "operations": [
        {"include-path": path, "checks": {"not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", status]}}}
        for path, status in {"/v1/health/ready": "503", "/v1/auth/google": "501"}.items()
    ],
}
site = get_wsgi_application()


def closing_site(environ: dict[str, Any], start_response: Any) -> Any:
    """The site; an answer is closed as soon as it is made, and uploads with it, which a server does and the library
    does not."""
    answer = site(environ, start_response)
    if not getattr(answer, "streaming", False):
        answer.close()
    return answer


# The second method of an action (submit by POST) is the same code.
schema: Any = schemathesis.openapi.from_wsgi("/docs-json", closing_site, config=schemathesis.Config.from_dict(CHECKED))
schema = schema.exclude(operation_id_regex="(Post|Patch)$").include(
    operation_id_regex=os.environ.get("FUZZ_OPERATIONS", ".")
)
# Here every call is made with a good key and nothing beside it, or few would get through to be followed by another.
KEY_ALONE = CHECKED | {"generation": {"with-security-parameters": False, "mode": "positive"}}
linked: Any = schemathesis.openapi.from_wsgi(
    "/docs-json", closing_site, config=schemathesis.Config.from_dict(KEY_ALONE)
)
# Who does it in a deal; the rest is the poster's.
OF_WORKERS = {"bidsCreate", "bidsApply", "bidsDestroy", "jobsStart", "jobsProgress", "jobsSubmit"}


@pytest.fixture(name="site_settings")
def settings_of_the_site(settings: Any) -> Any:
    """Django's; the name is Hypothesis's here."""
    return settings


@pytest.fixture
def scenes(
    poster: Any, worker: Any, poster_api: ApiClient, worker_api: ApiClient, site_settings: Any, request: Any
) -> Any:
    """Each job in turn, seen by its poster and by its worker; None: the address stays as it was generated.

    Of the statuses each operation meets a few, others than the next operation does; all when FUZZ_EXAMPLES is set.
    """
    site_settings.STREAM_URL = "http://127.0.0.1:9"
    template = JobTemplate.objects.create(slug="essay", name="Essay")
    chance = random.Random(request.node.name)
    statuses = list(Status) if EXAMPLES else chance.sample(list(Status), 3)
    jobs = [job_in(status, poster, worker, template=template) for status in statuses]
    keys = [api.key for api in (poster_api, worker_api)]
    return cycle(product([None, *jobs], keys))


@pytest.fixture
def one_connection(db: None) -> Iterator[None]:
    """Requests leave the test's connection open, as those of Django's own test client do."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("one_connection")
@schema.parametrize()
@settings(
    max_examples=EXAMPLES or 3,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_no_input_breaks_anything(case: schemathesis.Case, scenes: Any, worker: Any) -> None:
    job, key = next(scenes)
    if job is not None and case.path_parameters:
        bid = job.bids.first()
        own = bid if bid and "jobId" in case.path_parameters else job
        ids = {"jobId": job.pk, "agentId": worker.handle, "id": own.pk, "month": "2026-11"}
        if "/disputes/" in case.operation.path:
            ids |= dispute_ids(job)
        if "/webhooks" in case.operation.path:
            ids |= webhook_ids(worker, of_delivery="/deliveries" in case.operation.path)
        case.path_parameters |= {name: str(ids[name]) for name in case.path_parameters}
    # The same key for another request is refused, which would hide everything behind it.
    case.headers.pop("Idempotency-Key", None)
    case.call_and_validate(headers={"X-Api-Key": key})


@pytest.mark.usefixtures("one_connection")
def test_no_order_of_calls_breaks_anything(poster: Any, poster_api: ApiClient, worker_api: ApiClient) -> None:
    """What one call answers is what the next one is about; each does what is theirs, and sometimes what is not."""
    fund(poster, 10**15)
    done: set[str] = set()

    class Callers(linked.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, Any]:
            api = worker_api if operation_of(case) in OF_WORKERS else poster_api
            return {"headers": {"X-Api-Key": api.key}}

        def validate_response(self, response: Any, case: schemathesis.Case, *_: Any, **sent: Any) -> None:
            """The library takes our key for one that it made up unless it is told of it here."""
            case.validate_response(
                response, headers=sent["headers"], transport_kwargs=sent, recorder=getattr(self, "recorder", None)
            )

        def before_call(self, case: schemathesis.Case) -> None:
            case.headers.pop("Idempotency-Key", None)

        def after_call(self, response: Any, case: schemathesis.Case) -> None:
            super().after_call(response, case)
            if response.status_code < 300:
                done.add(operation_of(case))

    Callers.run(
        settings=settings(
            max_examples=EXAMPLES or 20,
            stateful_step_count=10,
            derandomize=not EXAMPLES,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
    )
    assert len(done) >= 5


def operation_of(case: schemathesis.Case) -> str:
    return str(case.operation.definition.raw["operationId"])


BODIES = {
    "jobsCreate": {"title": "Summarise", "budgetUsdc": "50.00"},
    "bidsCreate": {"amount": "40.00"},
    "jobsSubmit": {"outputData": {"text": "done"}},
    "jobsReject": {"reason": "Too long."},
    "jobsTip": {"amountUsdc": "1.00"},
    "jobReviewsCreate": {"rating": 5},
    "jobDisputesCreate": {"reason": "Not what was agreed.", "category": "QUALITY"},
    "disputeOffersCreate": {"outcome": "SPLIT", "posterBps": 5000},
    "agentsCreate": {"name": "New"},
    "apiKeysCreate": {"name": "New"},
    "webhooksCreate": {"url": "http://127.0.0.1:9/"},
}


@pytest.mark.parametrize(
    "calls",
    [
        "jobsCreate bidsCreate bidsAccept jobsStart jobsSubmit jobsReject jobsSubmit jobsApprove jobsTip",
        "jobsCreate bidsCreate bidsAccept jobsStart jobsSubmit jobsApprove jobReviewsCreate",
        "jobsCreate bidsCreate bidsAccept jobsStart jobsSubmit jobDisputesCreate jobDisputesList",
        "jobsCreate bidsCreate bidsAccept jobsStart jobsSubmit jobDisputesCreate disputeOffersCreate",
        "jobsCreate bidsCreate bidsDestroy",
        "agentsCreate agentsRetrieve",
        "agentsCreate apiKeysCreate apiKeysRevoke",
        "agentsCreate webhooksCreate webhooksTest webhookDeliveriesList",
    ],
)
def test_a_program_gets_through_a_deal_by_the_links_alone(
    poster_api: ApiClient, worker_api: ApiClient, calls: str
) -> None:
    """J19: no address is made up here; each is filled in as the link of the call before it says."""
    by_name = {entry[2]["operationId"]: entry for entry in operations(openapi_document())}
    links: dict[str, Any] = {}
    names: dict[str, str] = {}
    for name in calls.split():
        path, method, operation = by_name[name]
        names = links[name] if links else {}
        api = worker_api if name in OF_WORKERS else poster_api
        response = api.send(method.upper(), path.format(**names).removeprefix("/v1"), BODIES.get(name))
        assert response.status_code < 300, response.content
        offered = operation["responses"][str(response.status_code)].get("links", {})
        links = {
            target: {name: said_by(expression, response, names) for name, expression in link["parameters"].items()}
            for target, link in offered.items()
        }


def said_by(expression: str, response: Any, names: dict[str, str]) -> str:
    """The value of a runtime expression, in the two forms that the document has."""
    if expression.startswith("$request.path."):
        return names[expression.removeprefix("$request.path.")]
    return str(response.json()["data"].get(expression.removeprefix("$response.body#/data/"), ""))


def dispute_ids(job: Job) -> dict[str, Any]:
    """Of its dispute; where there is none, ids of no dispute."""
    dispute = job.disputes.first()
    pk = dispute.pk if dispute else job.pk
    return {"disputeId": pk, "id": pk}


def webhook_ids(agent: Agent, *, of_delivery: bool) -> dict[str, Any]:
    """An endpoint of the agent, and its first delivery."""
    endpoint, _ = set_endpoint(agent=agent, url="http://127.0.0.1:9/hooks", actor=agent)
    delivery = endpoint.deliveries.order_by("id").first() or send_test(endpoint=endpoint, actor=agent)
    return {"endpointId": endpoint.pk, "id": delivery.pk if of_delivery else endpoint.pk}


DOWNLOADS = {"filesContent", "accountExportsContent"}


def test_the_document_is_3_1_and_says_what_every_operation_shares() -> None:
    document = openapi_document()
    assert document["openapi"].startswith("3.1")
    names = []
    for methods in document["paths"].values():
        for method, operation in methods.items():
            names.append(operation["operationId"])
            assert operation["description"] and len(operation["summary"]) < 160
            sent = {parameter["name"] for parameter in operation.get("parameters", [])}
            assert ("Idempotency-Key" in sent) is (method != "get")
            for status, reference in operation["responses"].items():
                response = resolved(document, reference)
                if operation["operationId"] == "eventsStream" and status in {"200", "307"}:
                    assert list(response.get("content", {})) == ["text/event-stream"] * (status == "200")
                    continue
                if status.startswith("3"):
                    assert "content" not in response
                    continue
                media_type = "application/json" if status.startswith("2") else "application/problem+json"
                if operation["operationId"] in DOWNLOADS and status == "200":
                    media_type = BYTES
                assert list(response["content"]) == [media_type]
                assert {"X-Request-Id", "RateLimit-Remaining", "X-RateLimit-Reset"} <= set(response["headers"])
                assert ("Retry-After" in response["headers"]) is (status in {"429", "503"})
            assert "429" in operation["responses"]
    assert len(names) == len(set(names))
    assert set(document["components"]["securitySchemes"]) == {"accessToken", "apiKey", "bearer", "session"}


def resolved(document: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    """What operations share stands once in the document."""
    return document["components"]["responses"][response["$ref"].rpartition("/")[2]] if "$ref" in response else response


def test_the_document_says_who_may_do_what() -> None:
    """J19: security for each operation; nobody in particular (`{}`) only where the code lets everybody in."""
    document = openapi_document()
    schemes = [{name: []} for name in ("accessToken", "apiKey", "bearer", "session")]
    for _, method, operation in operations(document):
        allowed = operation["security"]
        assert allowed in (schemes, [*schemes, {}], [{}]), operation["operationId"]
        assert ("401" in operation["responses"]) is (allowed != [{}])
        refusable = schemes[0] in allowed and (method != "get" or {} not in allowed)
        assert ("403" in operation["responses"]) is refusable, operation["operationId"]


def test_every_type_of_event_is_a_webhook_of_the_document() -> None:
    webhooks = openapi_document()["webhooks"]
    assert webhooks.keys() == {type.name for type in all_types()}
    for webhook in webhooks.values():
        assert webhook["post"]["requestBody"]["content"]["application/json"]["schema"]["required"]


def test_every_tag_is_explained() -> None:
    document = openapi_document()
    used = {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    assert used <= {tag["name"] for tag in document["tags"]}


def test_the_documentation_is_served_from_here_alone(client: Client) -> None:
    """No CDN: the page and its script name addresses of this site, and the policy allows no other."""
    document = client.get("/docs-json")
    assert (document.status_code, document["Content-Type"]) == (200, "application/json")
    for address in ("/docs", "/docs?script="):
        page = client.get(address)
        assert page.status_code == 200
        assert "://" not in page.text.replace("http://www.w3.org", "")
    assert "default-src 'none'" in client.get("/docs")["Content-Security-Policy"]
