"""What operators do is written down for good: who, what, before and after, why, which request and from where (P2)."""

import csv
import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import ProgrammingError, transaction

from agents.models import Agent
from disputes.models import Dispute
from disputes.services import escalate, extend_phase, resolve_dispute
from marketplace.desk.cases import hold
from marketplace.desk.models import Act
from marketplace.identifiers import uuid7
from marketplace.timestamps import format_timestamp
from tests import factories
from tests.marketplace.desk.people import NOTE, address_of, make_operator, post_json, split, suspending
from tests.pages import client_of, text_of
from wallets.models import Account

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(db: None) -> Agent:
    return make_operator()


@pytest.fixture
def dispute(poster: Agent, worker: Agent) -> Dispute:
    return factories.disputed_job(poster, worker).disputes.get()


def test_a_ruling_is_logged_with_all_of_who_what_why_and_from_where(dispute: Dispute, operator: Agent) -> None:
    browser = client_of(operator)
    browser.post(address_of(dispute, "rule"), split())
    assert not Act.objects.exists()  # a look is no act

    sent = {**split(), "confirmed": "1"}
    browser.post(address_of(dispute, "rule"), sent, headers={"X-Request-Id": "desk-7"}, REMOTE_ADDR="192.0.2.7")

    act = Act.objects.get()
    assert (act.operator, act.verb, act.thing_id, act.reason) == (operator, "rule", str(dispute.pk), NOTE)
    assert (act.before["status"], act.after["status"], act.after["to_poster"]) == ("OPEN", "RESOLVED", 30_000_000)
    assert (act.request_id, act.address) == ("desk-7", "192.0.2.7")


def test_a_ruling_over_http_is_logged_too(dispute: Dispute, operator: Agent) -> None:
    resolve_dispute(dispute=dispute, actor=operator, to_poster=0, note=NOTE)
    act = Act.objects.get()
    assert (act.operator, act.verb, act.after, act.reason) == (operator, "rule", {"to_poster": 0}, NOTE)


def test_more_time_that_is_given_over_http_is_logged_too(dispute: Dispute, operator: Agent) -> None:
    extended = extend_phase(dispute=dispute, actor=operator)
    act = Act.objects.get()
    assert (act.operator, act.verb) == (operator, "extend")
    assert act.after == {"phase_ends_at": format_timestamp(extended.phase_ends_at)}


def test_a_form_that_is_refused_adds_nothing_to_the_log(operator: Agent) -> None:
    """Not the thing that was added before it, once more."""
    browser = client_of(operator)
    for slug in ("masonry", "masonry", "not a slug"):
        browser.post("/admin/categories/category/add/", {"name": "Masonry", "slug": slug, "position": "99"})
    assert Act.objects.count() == 1


def test_every_kind_of_page_leaves_its_act(operator: Agent, poster: Agent, worker: Agent) -> None:
    """Actions of lists, forms of the admin itself and pages of its own, none of which does anything for it."""
    browser = client_of(operator)
    browser.post("/admin/categories/category/add/", {"name": "Masonry", "slug": "masonry", "position": "99"})
    account = Account.objects.get(owner=poster, kind=Account.Kind.AVAILABLE)
    adjusted = {"amount": "5", "reason": "Paid twice.", "key": str(uuid7())}
    browser.post(f"/admin/wallets/account/{account.pk}/adjust/", adjusted)
    browser.post("/admin/agents/agent/", suspending(worker, "Spam."))

    added, money, barred = Act.objects.order_by("pk")
    assert (added.verb, added.model, added.after["name"]) == ("add", "categories.category", "Masonry")
    assert (money.verb, money.before, money.after) == (
        "adjust",
        {"balance": 1_000_000_000},
        {"balance": 1_005_000_000},
    )
    assert (barred.verb, barred.thing_id, barred.before["status"], barred.after["status"], barred.reason) == (
        "suspend",
        str(worker.pk),
        "ACTIVE",
        "SUSPENDED",
        "Spam.",
    )


def test_who_is_made_an_operator_is_logged_and_no_password_is(operator: Agent, poster: Agent) -> None:
    browser = client_of(operator)
    address = f"/admin/agents/user/{poster.user.pk}/change/"
    group = Group.objects.get(name="support")
    sent = {"email": poster.user.email, "name": poster.user.name, "is_active": "on", "is_staff": "on"}
    browser.post(address, {**sent, "groups": [str(group.pk)]})
    browser.post(
        f"/admin/agents/user/{poster.user.pk}/password/", {"password1": "kTr9-xyz-42", "password2": "kTr9-xyz-42"}
    )

    made, reset = Act.objects.order_by("pk")
    assert (made.before["groups"], made.after["groups"], made.after["is_staff"]) == ([], ["support"], True)
    poster.user.refresh_from_db()
    assert list(reset.after) == ["password"]
    assert poster.user.password not in str(reset.after)
    assert "kTr9" not in str(reset.after)


def test_what_is_refused_leaves_no_act(dispute: Dispute) -> None:
    client_of(make_operator("support")).post(address_of(dispute, "rule"), {**split(), "confirmed": "1"})
    assert not Act.objects.exists()


def test_nobody_changes_the_log(operator: Agent, dispute: Dispute) -> None:
    """Not in the admin, superusers included, and not in the database."""
    browser = client_of(operator)
    browser.post(address_of(dispute, "hold"))
    act = Act.objects.get()

    assert browser.post(f"/admin/desk/act/{act.pk}/change/", {"verb": "nothing"}).status_code == 403
    assert browser.post(f"/admin/desk/act/{act.pk}/delete/", {"post": "yes"}).status_code == 403
    for change in (lambda: Act.objects.update(verb="nothing"), lambda: Act.objects.all().delete()):
        with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
            change()
    assert Act.objects.get().verb == "hold"


def test_the_log_is_searched_and_exported_without_formulas(operator: Agent, worker: Agent, outsider: Agent) -> None:
    browser = client_of(operator)
    for agent, reason in ((worker, "=HYPERLINK(1)"), (outsider, "Spam.")):
        browser.post("/admin/agents/agent/", suspending(agent, reason))

    assert "1 act" in text_of(browser.get("/admin/desk/act/?q=HYPERLINK"))
    answer: Any = browser.get("/admin/desk/act/export/?q=HYPERLINK")
    head, *rows = csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    [row] = [dict(zip(head, row, strict=True)) for row in rows]
    assert (row["verb"], row["thing id"], row["reason"]) == ("suspend", str(worker.pk), "'=HYPERLINK(1)")
    answer = browser.get("/admin/desk/act/export/jsonl/?q=HYPERLINK")
    [line] = answer.getvalue().decode().splitlines()
    act = json.loads(line)
    assert (act["verb"], act["thingId"], act["reason"]) == ("suspend", str(worker.pk), "=HYPERLINK(1)")
    assert (act["before"]["status"], act["after"]["status"]) == ("ACTIVE", "SUSPENDED")
    for path in ("/admin/desk/act/export/", "/admin/desk/act/export/jsonl/"):
        assert client_of(make_operator("support")).get(path).status_code == 403
        for nonsense in ("?created_at__gte=never", "?nothing=such"):
            assert browser.get(path + nonsense).status_code == 400


def test_what_was_refused_and_led_back_leaves_no_act(dispute: Dispute, operator: Agent) -> None:
    hold(dispute=dispute, operator=make_operator("arbiter", name="Anton"))
    client_of(operator).post(address_of(dispute, "hold"))
    assert not Act.objects.exists()


def test_naming_a_mediator_over_http_is_an_act(dispute: Dispute, operator: Agent) -> None:
    escalate(dispute=dispute, actor=dispute.job.poster)
    answer = post_json(operator, f"/disputes/{dispute.pk}/mediator", {"mediatorId": operator.handle})
    assert answer.status_code == 200, answer.json()
    act = Act.objects.get()
    assert (act.operator, act.verb, act.thing_id) == (operator, "assign-mediator", str(dispute.pk))
    assert act.after == {"mediator": operator.handle} and act.request_id
