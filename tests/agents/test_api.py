"""Agents and their keys over HTTP (FEATURES J11, J12, J13; WIRE 1.3, 1.4, 1.8)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import Agent, ApiKey
from agents.services import update_agent
from tests.factories import make_agent, make_person
from tests.fixtures import ApiClient, count_queries

PUBLIC = {
    *("id", "handle", "uuid", "kind", "name", "description", "vertical", "skills", "modelName", "status"),
    *(
        "completedJobs",
        "jobsCompleted",
        "reputation",
        "reputationScore",
        "ratingAverage",
        "ratingCount",
        "passedFundamentals",
        "certifications",
    ),
    *("walletAddress", "lastHeartbeatAt", "createdAt", "avatarUrl"),
}
LISTED = {"verified", "tagline", "basePriceUsdc", "unit", "flags"}
PRIVATE = {"statusReport", "minBudgetUsdc", "maxActiveJobs", "webhookUrl", "webhookSecret"}


def test_an_agent_is_known_by_its_handle(worker, worker_api, anonymous_api):
    """WIRE 1.4: `id` is the handle; the UUID is accepted in its place, and in any case."""
    for reference in (worker.handle, worker.pk, str(worker.pk).upper(), worker.handle.upper()):
        agent = anonymous_api.get(f"/agents/{reference}").json()["data"]
        assert agent.keys() == PUBLIC | LISTED | {"reputationBreakdown"}
        assert (agent["id"], agent["uuid"], agent["kind"]) == (worker.handle, str(worker.pk), "AI")
    assert worker_api.get("/agents/me").json()["data"].keys() == PUBLIC | PRIVATE
    assert worker_api.get("/agents/me/").json()["data"]["id"] == worker.handle


def test_an_agent_is_made_with_a_handle_or_without(poster, poster_api):
    named = poster_api.post("/agents", {"id": "my-scribe", "name": "Scribe", "model": "m1", "skills": ["writing"]})
    assert named.status_code == 201
    agent = named.json()["data"]
    assert (agent["id"], agent["modelName"], agent["skills"]) == ("my-scribe", "m1", ["writing"])
    unnamed = poster_api.post("/agents", {"name": "Scribe of Wrens"}).json()["data"]
    assert unnamed["id"].startswith("scribe-of-wrens-")
    assert Agent.objects.filter(owner=poster.user).count() == 2


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"id": "taken-handle", "name": "N"}, (409, "HANDLE_TAKEN", [])),
        ({"id": "Not A Handle", "name": "N"}, (400, "VALIDATION_FAILED", ["id"])),
        ({"id": "x", "name": "N"}, (400, "VALIDATION_FAILED", ["id"])),
        ({"id": "new", "name": "N"}, (400, "VALIDATION_FAILED", ["id"])),
        ({"id": "01a2010f-7302-7631-9a6b-163a575de00b", "name": "N"}, (400, "VALIDATION_FAILED", ["id"])),
        ({"id": "my-scribe"}, (400, "VALIDATION_FAILED", ["name"])),
        ({"name": "x" * 101}, (400, "VALIDATION_FAILED", ["name"])),
        ({"name": "N", "skills": "writing"}, (400, "VALIDATION_FAILED", ["skills"])),
        ({"name": "N", "skills": ["ok", 5]}, (400, "VALIDATION_FAILED", ["skills.1"])),
        ({"name": "N", "webhookUrl": "ftp://example.com/"}, (400, "VALIDATION_FAILED", ["webhookUrl"])),
    ],
)
def test_an_agent_that_makes_no_sense_is_refused(poster, poster_api, problem, body, expected):
    make_agent(poster, handle="taken-handle")
    assert problem(poster_api.post("/agents", body)) == expected
    assert Agent.objects.filter(owner=poster.user).count() == 1


@pytest.mark.parametrize(("sent", "answer", "kept"), [("paused", 200, "PAUSED"), ("SUSPENDED", 400, "ACTIVE")])
def test_an_agent_may_be_paused_and_not_more(worker, worker_api, sent, answer, kept):
    assert worker_api.patch("/agents/me", {"status": sent}).status_code == answer
    worker.refresh_from_db()
    assert worker.status == kept


def test_the_owner_acts_for_the_agent(poster, poster_api):
    mine, other = make_agent(poster), make_agent()
    assert poster_api.patch(f"/agents/{mine.handle}", {"name": "Renamed"}).json()["data"]["name"] == "Renamed"
    assert poster_api.patch(f"/agents/{other.handle}", {"name": "Renamed"}).status_code == 403
    assert poster_api.get(f"/agents/{mine.handle}/wallet").status_code == 200


def test_a_webhook_is_set_with_the_profile_or_by_itself(worker_api):
    """WIRE 1.3: both ways tell the secret."""
    by_profile = worker_api.patch("/agents/me", {"webhookUrl": "http://127.0.0.1:9/a"}).json()["data"]
    assert by_profile["webhookUrl"] == "http://127.0.0.1:9/a"
    assert by_profile["webhookSecret"].startswith("whsec_")
    by_itself = worker_api.post("/agents/me/webhook", {"url": "http://127.0.0.1:9/b"})
    assert (by_itself.status_code, by_itself.json()["data"]["url"]) == (201, "http://127.0.0.1:9/b")
    assert by_itself.json()["data"]["secret"].startswith("whsec_")
    seen = worker_api.get("/agents/me").json()["data"]
    assert (seen["webhookUrl"], seen["webhookSecret"]) == ("http://127.0.0.1:9/b", None)
    assert worker_api.patch("/agents/me", {"webhookUrl": ""}).json()["data"]["webhookUrl"] is None


def test_a_webhook_that_leads_nowhere_is_refused_by_the_name_that_was_sent(worker_api, problem):
    for name in ("url", "webhookUrl"):
        assert problem(worker_api.post("/agents/me/webhook", {name: "nonsense"}))[2] == [name]


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"statusReport": "Reading."},
        {"status": "ACTIVE"},
        {"jobId": "x", "statusReport": "Reading.", "runtimeMetadata": {"pid": 1}},
    ],
)
@pytest.mark.parametrize("address", ["/agents/heartbeat", "/agents/me/heartbeat"])
def test_a_heartbeat_takes_what_clients_send(worker_api, body, address):
    """WIRE 1.8: answered with the whole agent."""
    response = worker_api.post(address, body)
    agent = response.json()["data"]
    assert (response.status_code, agent.keys()) == (201, PUBLIC | PRIVATE)
    assert agent["lastHeartbeatAt"] is not None
    assert agent["statusReport"] == (body or {}).get("statusReport", "")


def test_a_key_is_shown_once_and_ends_at_once(worker, worker_api, problem):
    """J13, S2"""
    minted = worker_api.post("/agents/me/api-keys", {"name": "laptop"}).json()["data"]
    raw = minted["rawKey"]
    assert raw.startswith("mj_live_")
    assert raw.startswith(minted["prefix"])
    assert ApiClient(raw).get("/agents/me").json()["data"]["id"] == worker.handle
    listed = worker_api.get("/agents/me/api-keys")
    assert raw not in listed.text
    assert [key["name"] for key in listed.json()["data"]] == ["laptop", "test"]
    for _ in range(2):
        revoked = worker_api.post(f"/agents/me/api-keys/{minted['id']}/revoke")
        assert (revoked.status_code, revoked.json()["data"]["revokedAt"] is None) == (200, False)
        assert ApiClient(raw).get("/agents/me").status_code == 401


def test_a_key_may_end_by_itself(worker_api, problem):
    past = {"name": "k", "expiresAt": "2001-01-01T00:00:00Z"}
    assert problem(worker_api.post("/agents/me/api-keys", past))[2] == ["expiresAt"]
    soon = (timezone.now() + timedelta(hours=1)).isoformat()
    raw = worker_api.post("/agents/me/api-keys", {"name": "k", "expiresAt": soon}).json()["data"]["rawKey"]
    assert ApiClient(raw).get("/agents/me").status_code == 200
    ApiKey.objects.filter(name="k").update(expires_at=timezone.now() - timedelta(hours=1))
    assert ApiClient(raw).get("/agents/me").status_code == 401


def test_another_agents_key_is_not_found_through_ones_own(worker_api, outsider):
    key = outsider.api_keys.create(name="theirs", prefix="mj_live_", digest=b"d" * 32)
    assert worker_api.post(f"/agents/me/api-keys/{key.pk}/revoke").status_code == 404
    key.refresh_from_db()
    assert key.revoked_at is None


def test_a_suspended_agent_is_locked_out(worker, worker_api):
    Agent.objects.filter(pk=worker.pk).update(status=Agent.Status.SUSPENDED)
    assert worker_api.get("/agents/me").status_code == 401


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=ai", {"quill", "ember", "ash"}),
        ("kind=AI&status=paused", {"ash"}),
        ("kind=AI&status=active,PAUSED", {"quill", "ember", "ash"}),
        ("kind=AI&vertical=Writing", {"quill"}),
        ("kind=AI&skill=haiku", {"quill"}),
        ("kind=AI&modelName=m1", {"ember"}),
        ("kind=AI&vertical=nothing", set()),
    ],
)
def test_the_list_is_narrowed_down(db, anonymous_api, query, found):
    owner = make_person("Olga")
    make_agent(owner, handle="quill", vertical="writing", skills=["haiku", "prose"])
    make_agent(owner, handle="ember", model_name="m1")
    update_agent(agent=make_agent(owner, handle="ash"), actor=owner, status="PAUSED")
    assert {agent["id"] for agent in anonymous_api.get(f"/agents?{query}").json()["data"]} == found


def test_lists_take_the_same_queries_at_any_length(worker, worker_api):
    counts = set()
    for _ in range(2):
        make_agent(worker.owner.agent)
        worker_api.post("/agents/me/api-keys", {"name": "k"})
        counts.add((count_queries(worker_api, "/agents"), count_queries(worker_api, "/agents/me/api-keys")))
    assert len(counts) == 1


def test_skills_are_found_in_any_case(poster, poster_api, anonymous_api, problem):
    made = poster_api.post("/agents", {"id": "my-scribe", "name": "Scribe", "skills": ["Prose", " PROSE ", "Verse"]})
    assert made.json()["data"]["skills"] == ["prose", "verse"]
    for query in ("skills=PROSE,verse", "skill=Verse"):
        assert [agent["id"] for agent in anonymous_api.get(f"/agents?{query}").json()["data"]] == ["my-scribe"]
    for wrong in (["prose, verse"], ["İ" * 26]):
        refused = poster_api.post("/agents", {"name": "Other", "skills": wrong})
        assert problem(refused) == (400, "VALIDATION_FAILED", ["skills"])


@pytest.mark.parametrize(
    "handle", ["admin", "leaderboard", "guildhall", "operator", "operators", "support", "api", "docs", "register"]
)
def test_nobody_takes_the_sites_own_names(poster_api, problem, handle):
    refused = problem(poster_api.post("/agents", {"id": handle, "name": "Scribe"}))
    assert (refused[0], refused[1]) == (400, "VALIDATION_FAILED")
    assert poster_api.post("/agents", {"id": f"{handle}-scribe", "name": "Scribe"}).status_code == 201
