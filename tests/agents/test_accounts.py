"""Who takes part: people, their agents, and the keys that stand for an agent (J1, J11, J12, J13)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from agents.models import Agent, ApiKey, User
from agents.queries import agents_of, find_agent, live_key
from agents.rules import acts_for, same_hand
from agents.services import (
    KEYS_PER_AGENT,
    HandleTaken,
    TooManyKeys,
    create_agent,
    mint_api_key,
    record_heartbeat,
    revoke_api_key,
    set_suspension,
    update_agent,
)
from marketplace.errors import Invalid, NotAllowed, NotFound
from marketplace.events.models import Event
from tests.factories import BUDGET, PASSWORD, draft_job, make_agent, make_person

pytestmark = pytest.mark.django_db


def test_every_user_is_one_person_in_the_market():
    user = User.objects.create_user("Pat@Example.ORG", "secret", name="Pat Poster")
    assert (user.email, user.agent.kind, user.agent.name, user.check_password("secret")) == (
        "pat@example.org",
        "HUMAN",
        "Pat Poster",
        True,
    )
    user.save()
    assert Agent.objects.filter(user=user).count() == 1


def test_an_address_is_taken_in_any_case():
    User.objects.create_user("pat@example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="PAT@example.org")


def test_a_person_has_an_agent_and_an_agent_of_a_machine_has_no_login():
    person, agent = make_person(), make_agent()
    for wrong in ({"user": None}, {"owner": person.user}, {"kind": "AI"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Agent.objects.filter(pk=person.pk).update(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        Agent.objects.filter(pk=agent.pk).update(kind="HUMAN")


def test_an_agent_is_owned_by_who_made_it():
    """J11"""
    owner = make_person("Owen")
    agent = create_agent(actor=owner, name="Scribe", handle="scribe", vertical="writing", skills=["prose"])
    assert (agent.kind, agent.owner, agent.user, agent.status) == ("AI", owner.user, None, "ACTIVE")
    assert list(agents_of(owner)) == [agent]
    assert Event.objects.filter(type="agent.created", actor=owner).count() == 1


def test_an_agent_that_makes_an_agent_makes_it_for_its_owner():
    owner = make_person("Owen")
    child = create_agent(actor=make_agent(owner), name="Child")
    assert child.owner == owner.user


def test_a_handle_belongs_to_one():
    make_agent(name="One", handle="the-one")
    with pytest.raises(HandleTaken):
        make_agent(name="Two", handle="the-one")
    assert Agent.objects.filter(handle="the-one").count() == 1


@pytest.mark.parametrize("handle", ["ab", "-abc", "abc-", "Abc", "a b c", "a.b", "ab\n", "abc\n", "é" * 5, "a" * 41])
def test_a_handle_is_readable(handle):
    with pytest.raises(Invalid):
        make_agent(handle=handle)


@pytest.mark.parametrize("name", ["A", "!!!", "日本語", "x" * 100, "-", "Ünïcode Näme", "  "])
def test_every_name_gets_a_good_handle(name):
    agent = make_agent(name=name)
    assert find_agent(agent.handle) == agent
    agent.clean_fields()


def test_an_agent_is_found_by_handle_or_id():
    agent = make_agent(handle="findable")
    assert (
        find_agent("findable") == find_agent("FINDABLE") == find_agent(str(agent.pk)) == find_agent(agent.pk) == agent
    )
    for unknown in ("nobody", "00000000-0000-0000-0000-000000000000", "", "\x01"):
        with pytest.raises(NotFound):
            find_agent(unknown)


def test_who_acts_for_whom():
    owner, stranger = make_person("Owen"), make_person("Sue")
    agent, sibling = make_agent(owner), make_agent(owner)
    assert acts_for(owner, agent) and acts_for(agent, agent) and acts_for(owner, owner)
    assert not acts_for(agent, owner) and not acts_for(agent, sibling) and not acts_for(stranger, agent)
    assert not acts_for(None, agent) and not acts_for(owner, None)
    assert same_hand(agent, sibling) and same_hand(agent, owner) and not same_hand(agent, stranger)


def test_two_agents_without_an_owner_are_not_of_one_hand():
    one, two = make_agent(), make_agent()
    Agent.objects.update(owner=None)
    one.refresh_from_db()
    two.refresh_from_db()
    assert not same_hand(one, two)
    with pytest.raises(NotAllowed):
        create_agent(actor=one, name="Child")


def test_a_profile_is_changed_by_the_agent_and_its_owner_alone():
    owner = make_person("Owen")
    agent = make_agent(owner)
    assert update_agent(agent=agent, actor=agent, description="Fast.").description == "Fast."
    assert update_agent(agent=agent, actor=owner, skills=["prose"]).skills == ["prose"]
    with pytest.raises(NotAllowed):
        update_agent(agent=agent, actor=make_agent(), description="Slow.")
    for field in ("handle", "owner", "kind", "completed_jobs", "user"):
        with pytest.raises(Invalid):
            update_agent(agent=agent, actor=owner, **{field: "x"})


def test_a_suspension_is_not_lifted_by_the_owner():
    owner, operator = make_person("Owen"), make_person("Olive", is_staff=True)
    agent = make_agent(owner)
    agent = set_suspension(agent=agent, suspended=True, actor=operator)
    assert agent.status == "SUSPENDED"
    for status in ("ACTIVE", "PAUSED"):
        with pytest.raises(NotAllowed):
            update_agent(agent=agent, actor=owner, status=status)
    with pytest.raises(NotAllowed):
        set_suspension(agent=agent, suspended=False, actor=owner)
    assert set_suspension(agent=agent, suspended=False, actor=operator).status == "ACTIVE"


def test_after_a_suspension_a_paused_agent_is_paused():
    owner, operator = make_person("Owen"), make_person("Olive", is_staff=True)
    agent = update_agent(agent=make_agent(owner), actor=owner, status="PAUSED")
    for _ in range(2):
        set_suspension(agent=agent, suspended=True, actor=operator)
    assert set_suspension(agent=agent, suspended=False, actor=operator).status == "PAUSED"
    agent = update_agent(agent=agent, actor=owner, status="ACTIVE")
    set_suspension(agent=agent, suspended=True, actor=operator)
    assert set_suspension(agent=agent, suspended=False, actor=operator).status == "ACTIVE"


@pytest.mark.parametrize("status", ["SUSPENDED", "PENDING_CLAIM"])
def test_an_owner_only_pauses_and_resumes(status):
    agent = make_agent()
    with pytest.raises(NotAllowed):
        update_agent(agent=agent, actor=agent, status=status)


def test_a_heartbeat_says_when_and_what():
    """J12"""
    agent = make_agent()
    agent = record_heartbeat(agent=agent, actor=agent, status_report="Reading." + "x" * 3000)
    assert agent.last_heartbeat_at is not None and len(agent.status_report) == 2000
    with pytest.raises(NotAllowed):
        record_heartbeat(agent=agent, actor=make_agent())


def test_a_key_is_shown_once_and_stored_as_a_digest():
    """J1, J13, S2"""
    agent = make_agent()
    key, raw = mint_api_key(agent=agent, name="laptop", actor=agent)
    assert raw.startswith("mj_live_") and len(raw) > 50
    found = live_key(raw)
    assert found and found.agent == agent
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_jsonb(k)::text || (SELECT string_agg(data::text, ' ') FROM events_event) FROM agents_apikey k"
        )
        [[stored]] = cursor.fetchall()
    assert key.prefix in stored and raw not in stored and raw[len(key.prefix) :] not in stored


def test_a_revoked_key_ends_at_once():
    """J13"""
    agent = make_agent()
    key, raw = mint_api_key(agent=agent, name="laptop", actor=agent)
    _, other = mint_api_key(agent=agent, name="server", actor=agent)
    revoked_at = revoke_api_key(key=key, actor=agent).revoked_at
    assert live_key(raw) is None and live_key(other) is not None
    assert revoke_api_key(key=key, actor=agent).revoked_at == revoked_at
    assert Event.objects.filter(type="api_key.revoked").count() == 1


def test_a_key_ends_when_it_expires():
    agent = make_agent()
    key, raw = mint_api_key(agent=agent, name="day", actor=agent, expires_at=timezone.now() + timedelta(days=1))
    assert live_key(raw) is not None
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    assert live_key(raw) is None
    with pytest.raises(Invalid):
        mint_api_key(agent=agent, name="late", actor=agent, expires_at=timezone.now())


@pytest.mark.parametrize("raw", ["", "mj_live_", "mj_live_unknown", "x" * 10_000, "ключ"])
def test_a_key_that_nobody_minted_opens_nothing(raw):
    mint_api_key(agent=(agent := make_agent()), name="key", actor=agent)
    assert live_key(raw) is None


def test_keys_are_for_the_agent_and_its_owner():
    owner, agent = make_person("Owen"), make_agent()
    for stranger in (owner, make_agent()):
        with pytest.raises(NotAllowed):
            mint_api_key(agent=agent, name="key", actor=stranger)
    key, _ = mint_api_key(agent=agent, name="key", actor=agent)
    with pytest.raises(NotAllowed):
        revoke_api_key(key=key, actor=owner)


def test_an_agent_has_a_handful_of_keys():
    agent = make_agent()
    keys = [mint_api_key(agent=agent, name=str(number), actor=agent)[0] for number in range(KEYS_PER_AGENT)]
    with pytest.raises(TooManyKeys):
        mint_api_key(agent=agent, name="one more", actor=agent)
    revoke_api_key(key=keys[0], actor=agent)
    assert mint_api_key(agent=agent, name="one more", actor=agent)


def test_a_suspended_person_may_read_and_change_nothing(client):
    """An operator's suspension closes both doors: keys are refused, and a session may only look."""
    operator = make_person("Olga", is_staff=True)
    person = make_person("Pat", password=PASSWORD, funds=BUDGET)
    job = draft_job(person)
    set_suspension(agent=person, suspended=True, actor=operator)
    client.login(email=person.user.email, password=PASSWORD)
    same_origin = {"Origin": "http://testserver"}
    changes = [
        ("/v1/jobs", {"title": "More", "budgetUsdc": "1.00"}),
        (f"/v1/jobs/{job.pk}/cancel", {}),
        ("/v1/agents", {"name": "Helper"}),
        ("/v1/agents/me/api-keys", {"name": "key"}),
        ("/v1/agents/me/webhook", {"url": "http://127.0.0.1:9/"}),
    ]
    events = Event.objects.count()
    for path, body in changes:
        response = client.post(path, body, content_type="application/json", headers=same_origin)
        assert (path, response.status_code) == (path, 403)
    assert Event.objects.count() == events
    assert client.get("/v1/agents/me/wallet").status_code == 200
    assert client.get(f"/v1/jobs/{job.pk}").json()["data"]["availableActions"] == []
    set_suspension(agent=person, suspended=False, actor=operator)
    response = client.post(f"/v1/jobs/{job.pk}/cancel", {}, content_type="application/json", headers=same_origin)
    assert response.status_code == 200
