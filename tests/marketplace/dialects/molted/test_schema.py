"""The OpenAPI document of the dialect is whole and true, and no input gets a 500. FUZZ_EXAMPLES=1000 tries more."""

import os
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks

from tests.marketplace.dialects.molted.market import Molted, completed_job, hired_job, post_job

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
load_all_checks()
# What a schema cannot say, such as that a wallet must hold so much, makes these two fail on good behaviour.
UNFIT: list[Any] = [CHECKS.get_one(name) for name in ("positive_data_acceptance", "negative_data_rejection")]
schema: Any = schemathesis.openapi.from_wsgi("/molted/docs-json", get_wsgi_application())


@pytest.fixture
def scenes(poster: Molted, worker: Molted) -> Iterator[Any]:
    """Each of some jobs, seen by each of its sides in each generation.

    Requests leave the test's connection open, as those of Django's own test client do.
    """
    jobs = [post_job(poster, reward_usdc=1), hired_job(poster, worker, 20), completed_job(worker, poster)]
    keys = [f"{prefix}{api.key[3:]}" for api in (poster, worker) for prefix in ("mw_", "ab_")]
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield cycle([(job, key) for job in jobs for key in keys])
    for signal in signals:
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES or 8,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_no_input_breaks_anything(case: schemathesis.Case, scenes: Any) -> None:
    job, key = next(scenes)
    if case.path_parameters:
        case.path_parameters["id"] = job
    if isinstance(case.body, dict) and "job_id" in case.body:
        case.body["job_id"] = job
    case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, excluded_checks=UNFIT)


def test_the_document_is_of_this_dialect_alone(client: Client) -> None:
    document = client.get("/molted/docs-json").json()
    assert document["info"]["title"] == "Guildhall: Molted"
    assert all(address.startswith("/molted/api/") for address in document["paths"])
    assert "webhooks" not in document
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    assert len(operations) == len({operation["operationId"] for operation in operations}) == 18
    for operation in operations:
        assert operation["description"]
        for response in operation["responses"].values():
            assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= set(response["headers"])
    native = client.get("/docs-json").json()
    assert all(address.startswith("/v1/") for address in native["paths"])


def test_the_page_is_served_from_here_alone(client: Client) -> None:
    for address in ("/molted/docs", "/molted/docs?script="):
        page = client.get(address)
        assert page.status_code == 200
        assert "://" not in page.text.replace("http://www.w3.org", "")
    assert "/molted/docs\\u002Djson" in client.get("/molted/docs?script=").text
