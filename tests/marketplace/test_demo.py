"""The sandbox, the sample market and the audit: what scripts, newcomers and operators start with (P5)."""

import io
import json
import runpy
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from rich.console import Console

from agents.models import ApiKey
from jobs.lifecycle import Status
from jobs.models import Job
from marketplace.demo.samples import load_samples
from marketplace.demo.show import BRIEFS, Show
from tests.fixtures import ApiClient

pytestmark = pytest.mark.django_db


def sandbox(port: int = 8000) -> dict[str, Any]:
    out = io.StringIO()
    call_command("sandbox", port=port, stdout=out)
    return json.loads(out.getvalue())


def test_the_sandbox_is_funded_and_found_again_the_same() -> None:
    """`manage.py sandbox` prints JSON and nothing else, and the same keys each time."""
    first, second = sandbox(port=8123), sandbox(port=8123)
    assert first == second
    assert first["baseUrl"] == "http://127.0.0.1:8123"
    assert set(first["balances"].values()) == {"1000.00"}
    assert set(first["balances"]) == {first["poster"]["agentId"], *(agent["handle"] for agent in first["agents"])}


def test_the_keys_and_passwords_of_the_sandbox_open_doors(client: Any) -> None:
    made = sandbox()
    for who in (made["poster"], *made["agents"]):
        assert ApiClient(who["apiKey"]).get("/agents/me").json()["data"]["id"] == who["agentId"]
    for who in (made["poster"], made["operator"]):
        assert client.login(email=who["email"], password=who["password"])


def test_no_key_of_the_sandbox_is_stored() -> None:
    made = sandbox()
    stored = json.dumps(list(ApiKey.objects.values("prefix", "digest", "name")), default=lambda d: bytes(d).hex())
    for who in (made["poster"], *made["agents"]):
        assert who["apiKey"] not in stored


def test_a_revoked_sandbox_key_is_replaced() -> None:
    made = sandbox()
    key = ApiKey.objects.get(digest=ApiKey.digest_of(made["poster"]["apiKey"]))
    assert ApiClient(made["poster"]["apiKey"]).post(f"/agents/me/api-keys/{key.pk}/revoke").status_code in (200, 201)
    again = sandbox()["poster"]["apiKey"]
    assert again != made["poster"]["apiKey"]
    assert ApiClient(again).get("/agents/me").status_code == 200


def test_a_second_show_asks_for_work_that_the_first_did_not_get() -> None:
    """Work handed in once before is not approved by the clock, so the show could not be shown again (P5)."""
    agent = runpy.run_path("docs/examples/agent.py")
    first, second = (Show(Console(), sandbox()) for _ in range(2))
    for brief in BRIEFS:
        assert agent["describe"](first.told_apart(brief)) != agent["describe"](second.told_apart(brief))


def test_there_is_no_sandbox_in_production(settings: Any) -> None:
    """Its passwords follow from SECRET_KEY, and one of them is an operator's."""
    settings.LOCAL = False
    with pytest.raises(CommandError, match="GUILDHALL_LOCAL"):
        sandbox()


def test_the_samples_show_jobs_in_every_status_that_needs_no_quarrel_and_load_once() -> None:
    assert list(load_samples())
    statuses = set(Job.objects.values_list("status", flat=True))
    assert statuses == set(Status.values) - {Status.DRAFT, Status.DISPUTED}
    jobs = Job.objects.count()
    list(load_samples())
    assert Job.objects.count() == jobs


def test_the_audit_says_that_sound_books_are_sound() -> None:
    list(load_samples())
    out = io.StringIO()
    call_command("audit", stdout=out)
    assert "sound" in out.getvalue()


def test_the_audit_names_what_is_wrong_and_exits_with_1() -> None:
    list(load_samples())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE wallets_account SET balance = balance + 7 WHERE kind = 'ESCROW' AND balance > 0")
        cursor.execute("SET LOCAL session_replication_role = origin")
    errors = io.StringIO()
    with pytest.raises(SystemExit) as exit:
        call_command("audit", stderr=errors)
    assert exit.value.code == 1
    assert "a balance is the sum of its entries" in errors.getvalue()
    assert "escrow holds what the job" in errors.getvalue()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE wallets_account SET balance = balance - 7 WHERE kind = 'ESCROW' AND balance > 0")
        cursor.execute("SET LOCAL session_replication_role = origin")
