"""An appeal: once for each side, decided by somebody else, paid by the market, and the ruling stays as it was (PEOPLE,
Operators: appeal)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pgtrigger
import pytest
from django.db.models.functions import Now
from django.utils import timezone

from agents.halts.models import Activity, Halt
from agents.models import Agent, User
from agents.services import set_suspension
from disputes.appeals.models import Appeal
from disputes.appeals.rules import NotAppealable, may_appeal
from disputes.appeals.services import AppealDecided, decide_appeal, make_appeal
from disputes.models import Dispute, Ruling
from disputes.offers import accept_offer, make_offer
from disputes.services import resolve_dispute
from marketplace.desk import adjustments
from marketplace.desk.appeals import decide
from marketplace.desk.models import Adjustment
from marketplace.desk.overview import measures
from marketplace.errors import Invalid, MarketError, NotAllowed
from marketplace.events.models import Event
from marketplace.money import MICRO
from tests import factories
from tests.fixtures import ApiClient
from tests.marketplace.desk.people import NOTE, make_operator
from tests.pages import client_of, text_of
from tests.racing import race
from wallets.ledger import KeyReused
from wallets.models import Account, Transfer
from wallets.queries import balance

pytestmark = pytest.mark.django_db
WHY = "The second half was in the first version."


@pytest.fixture
def ruler(db: None) -> Agent:
    return make_operator("arbiter", name="Rita")


@pytest.fixture
def reviewer(db: None) -> Agent:
    return make_operator("arbiter", name="Vera")


@pytest.fixture
def ruled(poster: Agent, worker: Agent, ruler: Agent) -> Dispute:
    """Of 80 USDC the poster has 20 back and the worker 60 less 1 %."""
    terms = {"release_fee_bps": 100, "dispute_fee_bps": 100}
    dispute = factories.disputed_job(poster, worker, terms=terms).disputes.get()
    return resolve_dispute(dispute=dispute, actor=ruler, to_poster=20 * MICRO, note=NOTE, ground="DELIVERED_IN_PART")


def test_what_is_owed_is_paid_by_the_market_once_a_treasurer_agrees(
    ruled: Dispute, poster: Agent, worker: Agent, reviewer: Agent
) -> None:
    """Not by the other side, and the ruling with all that it moved stays as it was."""
    first = list(Ruling.objects.values()), list(Dispute.objects.values()), Transfer.objects.count()
    appeal = make_appeal(dispute=ruled, actor=worker, reason=WHY)
    had = balance(poster).available

    decide(appeal=appeal, operator=reviewer, correction=19_800_000, note="It was there.")

    assert balance(worker).available == 59_400_000
    treasurer = make_operator("treasurer", name="Theo")
    adjustments.confirm(adjustment=Adjustment.objects.get(), operator=treasurer)
    assert (balance(worker).available, balance(poster).available) == (79_200_000, had)
    assert (list(Ruling.objects.values()), list(Dispute.objects.values())) == first[:2]
    assert Transfer.objects.count() == first[2] + 1
    told = Event.objects.get(type="dispute.appeal_decided").data
    assert (told["status"], told["side"], told["correctionUsdc"]) == ("CORRECTED", "WORKER", "19.80")
    assert (measures().appeals, measures().overturned) == (1, 1)


def test_a_ruling_that_stands_moves_nothing(ruled: Dispute, poster: Agent, reviewer: Agent) -> None:
    appeal = make_appeal(dispute=ruled, actor=poster, reason=WHY)
    decide(appeal=appeal, operator=reviewer, correction=0, note="It was half of it.")
    appeal.refresh_from_db()
    assert (appeal.status, appeal.correction, Adjustment.objects.count()) == ("UPHELD", None, 0)
    assert (measures().appeals, measures().overturned) == (1, 0)


def test_each_side_appeals_once(ruled: Dispute, poster: Agent, worker: Agent, outsider: Agent) -> None:
    for side in (poster, worker):
        make_appeal(dispute=ruled, actor=side, reason=WHY)
        with pytest.raises(NotAppealable, match="decided once"):
            make_appeal(dispute=ruled, actor=side, reason=WHY)
    with pytest.raises(NotAllowed):
        make_appeal(dispute=ruled, actor=outsider, reason=WHY)
    assert sorted(Appeal.objects.values_list("side", flat=True)) == ["POSTER", "WORKER"]


def test_what_was_agreed_or_is_open_cannot_be_appealed(poster: Agent, worker: Agent) -> None:
    dispute = factories.disputed_job(poster, worker).disputes.get()
    with pytest.raises(NotAppealable):
        make_appeal(dispute=dispute, actor=worker, reason=WHY)
    agreed = accept_offer(offer=make_offer(dispute=dispute, actor=worker, to_poster=MICRO), actor=poster)
    with pytest.raises(NotAppealable):
        make_appeal(dispute=agreed.dispute, actor=worker, reason=WHY)


def test_who_got_all_has_nothing_to_appeal_for(poster: Agent, worker: Agent, ruler: Agent) -> None:
    dispute = factories.disputed_job(poster, worker).disputes.get()
    resolve_dispute(dispute=dispute, actor=ruler, to_poster=0, note=NOTE)
    with pytest.raises(NotAppealable, match="all that there was"):
        make_appeal(dispute=dispute, actor=worker, reason=WHY)
    make_appeal(dispute=dispute, actor=poster, reason=WHY)


@pytest.mark.parametrize(("days_ago", "in_time"), [(13, True), (15, False)])
def test_a_halt_of_the_site_keeps_a_time_that_runs_and_brings_none_back(
    ruled: Dispute, worker: Agent, settings: Any, days_ago: int, in_time: bool
) -> None:
    """Clocks stand, and what was over before that stays over."""
    with pgtrigger.ignore("disputes.Dispute:freeze_ended_disputes"):
        Dispute.objects.update(resolved_at=Now() - timedelta(days=days_ago + 3))
    operator = make_operator("treasurer", name="Tess")
    Halt.objects.create(
        activity=Activity.EVERYTHING, imposed_by=operator, reason=WHY, created_at=timezone.now() - timedelta(days=3)
    )
    ruled.refresh_from_db()
    assert may_appeal(ruled, worker) is in_time
    if in_time:
        make_appeal(dispute=ruled, actor=worker, reason=WHY)
    else:
        with pytest.raises(NotAppealable, match="14 days"):
            make_appeal(dispute=ruled, actor=worker, reason=WHY)


def test_the_time_for_it_ends(ruled: Dispute, worker: Agent, settings: Any, worker_api: ApiClient) -> None:
    told = worker_api.get(f"/disputes/{ruled.pk}").json()["data"]["appealableUntil"]
    assert told is not None
    with pgtrigger.ignore("disputes.Dispute:freeze_ended_disputes"):
        past = timezone.now() - timedelta(days=settings.APPEAL_DAYS)
        Dispute.objects.update(resolved_at=past)
    with pytest.raises(NotAppealable, match="14 days"):
        make_appeal(dispute=ruled, actor=worker, reason=WHY)


def test_nobody_with_a_part_in_it_decides(ruled: Dispute, worker: Agent, ruler: Agent, reviewer: Agent) -> None:
    """Not who ruled, not a side that is an operator too, and nobody who is no operator."""
    appeal = make_appeal(dispute=ruled, actor=worker, reason=WHY)
    owner = worker.owner
    owner.is_staff = owner.is_superuser = True
    owner.save()
    for actor in (ruler, owner.agent, factories.make_person("Pia")):
        with pytest.raises(NotAllowed):
            decide_appeal(appeal=appeal, actor=actor, correction=0, note="As it is.")
    decide_appeal(appeal=appeal, actor=reviewer, correction=0, note="As it is.")
    with pytest.raises(AppealDecided):
        decide_appeal(appeal=appeal, actor=make_operator("arbiter"), correction=MICRO, note="Not so.")


def test_what_is_owed_is_paid_when_its_reviewer_is_no_operator_any_more(
    ruled: Dispute, worker: Agent, reviewer: Agent
) -> None:
    """Both sides were told; only what is not owed needs both operators to the end."""
    appeal = make_appeal(dispute=ruled, actor=worker, reason=WHY)
    decide(appeal=appeal, operator=reviewer, correction=MICRO, note="It was there.")
    propose = {"agent": worker, "amount": MICRO, "reason": "A gift of ours.", "key": uuid4(), "operator": reviewer}
    gift = adjustments.propose(**propose)
    User.objects.filter(pk=reviewer.user_id).update(is_staff=False)
    set_suspension(agent=reviewer, suspended=True, actor=make_operator("arbiter"))

    treasurer = make_operator("treasurer", name="Theo")
    with pytest.raises(NotAllowed):
        adjustments.confirm(adjustment=gift, operator=treasurer)
    adjustments.confirm(adjustment=Adjustment.objects.get(pk=appeal.pk), operator=treasurer)
    assert balance(worker).available == 60_400_000


@pytest.mark.parametrize("is_large", [True, False])
def test_nobody_adjusts_under_the_key_of_an_appeal(
    ruled: Dispute, worker: Agent, outsider: Agent, reviewer: Agent, settings: Any, is_large: bool
) -> None:
    """The key is a field of a form: what is owed is what an appeal has awarded, to whom and as much as it says."""
    settings.ADJUSTMENT_ALONE_UP_TO = 0 if is_large else MICRO
    appeal = make_appeal(dispute=ruled, actor=worker, reason=WHY)
    account = Account.objects.get(owner=worker, kind=Account.Kind.AVAILABLE)
    browser = client_of(make_operator("treasurer", name="Theo"))
    typed = {"amount": "1", "reason": "A gift of ours.", "key": str(appeal.pk)}

    refused = browser.post(f"/admin/wallets/account/{account.pk}/adjust/", typed)

    assert "An appeal has that key" in text_of(refused)
    assert not Transfer.objects.filter(key=f"adjustment:{appeal.pk}").exists()
    decide(appeal=appeal, operator=reviewer, correction=MICRO, note="It was there.")
    asked = {"reason": "A gift of ours.", "key": appeal.pk, "operator": reviewer}
    for agent, amount in [(worker, 2 * MICRO), (outsider, MICRO)]:
        with pytest.raises(KeyReused):
            adjustments.propose(agent=agent, amount=amount, **asked)
    owed = Adjustment.objects.get()
    assert (owed.pk, owed.agent, owed.amount) == (appeal.pk, worker, MICRO)


def test_what_has_the_key_of_an_open_appeal_is_owed_to_nobody(ruled: Dispute, worker: Agent, reviewer: Agent) -> None:
    """Also where it was proposed before such keys were refused."""
    appeal = make_appeal(dispute=ruled, actor=worker, reason=WHY)
    words = {"agent": worker, "amount": MICRO, "reason": "A gift of ours.", "proposed_by": reviewer}
    gift = Adjustment.objects.create(pk=appeal.pk, **words)
    treasurer = make_operator("treasurer", name="Theo")
    with pytest.raises(KeyReused):
        adjustments.confirm(adjustment=gift, operator=treasurer)
    assert adjustments.decline(adjustment=gift, operator=treasurer).status == Adjustment.Status.DECLINED
    with pytest.raises(KeyReused):  # loudly, and not as if the declined gift were the correction
        decide(appeal=appeal, operator=reviewer, correction=MICRO, note="It was there.")
    appeal.refresh_from_db()
    assert appeal.status == Appeal.Status.OPEN


@pytest.mark.parametrize("correction", [-1, 19_800_001])
def test_no_more_is_made_good_than_was_kept(ruled: Dispute, worker: Agent, reviewer: Agent, correction: int) -> None:
    """All of 80 less 1 % would have been 79.20, of which the worker got 59.40."""
    appeal = make_appeal(dispute=ruled, actor=worker, reason=WHY)
    with pytest.raises(Invalid, match=r"between 0 and 19\.80"):
        decide(appeal=appeal, operator=reviewer, correction=correction, note="It was there.")
    assert not Adjustment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_reviewers_at_once_one_decides(ruled: Dispute, worker: Agent) -> None:
    appeal = make_appeal(dispute=ruled, actor=worker, reason=WHY)
    reviewers = [make_operator("arbiter") for _ in range(6)]

    def one(number: int, operator: Agent) -> str:
        try:
            decide(appeal=appeal, operator=operator, correction=number * MICRO, note="It was there.")
        except MarketError as refusal:
            return refusal.code
        return "DECIDED"

    outcomes = race([lambda n=n, who=who: one(n + 1, who) for n, who in enumerate(reviewers)])
    assert sorted(outcomes) == ["APPEAL_DECIDED"] * 5 + ["DECIDED"]
    assert Adjustment.objects.count() == 1


def test_a_side_appeals_over_http_and_the_other_reads_it(
    ruled: Dispute, worker_api: ApiClient, poster_api: ApiClient, problem: Any
) -> None:
    address = f"/disputes/{ruled.pk}/appeals"
    assert problem(worker_api.post(address, {"reason": " "}))[::2] == (400, ["reason"])
    made = worker_api.post(address, {"reason": WHY})
    assert made.status_code == 201, made.text
    again = worker_api.post(address, {"reason": WHY})
    assert (again.status_code, again.json()["code"]) == (409, "NOT_APPEALABLE")
    [read] = poster_api.get(address).json()["data"]
    assert (read["side"], read["reason"], read["status"]) == ("WORKER", WHY, "OPEN")


def test_from_the_page_of_the_dispute_to_the_decision_on_the_desk(
    ruled: Dispute, poster: Agent, reviewer: Agent, ruler: Agent
) -> None:
    browser = client_of(poster)
    assert "you can appeal." in text_of(browser.get(f"/disputes/{ruled.pk}/"))
    assert "at most 60.00" in text_of(browser.get(f"/disputes/{ruled.pk}/appeal/"))
    assert browser.post(f"/disputes/{ruled.pk}/appeal/", {"reason": ""}).status_code == 400
    assert WHY in text_of(browser.post(f"/disputes/{ruled.pk}/appeal/", {"reason": WHY}, follow=True))

    appeal, desk = Appeal.objects.get(), client_of(reviewer)
    address = f"/admin/appeals/appeal/{appeal.pk}"
    assert "Appeals" in text_of(desk.get("/admin/"))
    assert WHY in text_of(desk.get(f"{address}/change/"))
    typed = {"stands": "no", "correction": "10", "note": "A part was missing."}
    assert list(desk.post(f"{address}/decide/", {**typed, "correction": ""}).context["form"].errors) == ["correction"]
    assert "Somebody else than who" in text_of(client_of(ruler).post(f"{address}/decide/", typed))
    assert client_of(make_operator("support")).post(f"{address}/decide/", typed).status_code == 403
    shown = desk.post(f"{address}/decide/", typed)
    assert f"10.00 USDC for {poster.name} wait for a treasurer" in text_of(shown)
    assert not Adjustment.objects.exists()
    desk.post(f"{address}/decide/", {**typed, "confirmed": "1"})

    assert Adjustment.objects.get().amount == 10 * MICRO
    page = text_of(browser.get(f"/disputes/{ruled.pk}/"))
    assert "A part was missing." in page
    assert "you can appeal." not in page
