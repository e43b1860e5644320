"""A case on the operators' desk: held by one, read by those with no hand in it, and ruled on after a look (FEATURES P2,
S15, SURVIVE M7)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Agent
from disputes.models import Dispute
from disputes.services import escalate, extend_phase
from jobs.lifecycle import Status
from marketplace.desk import cases
from marketplace.desk.models import Holding, Note, Wording
from marketplace.errors import MarketError, NotAllowed
from marketplace.events.models import Event
from marketplace.money import MICRO
from tests import factories
from tests.marketplace.desk.people import NOTE, address_of, make_operator, post_json, split
from tests.pages import client_of, text_of
from tests.racing import race
from wallets.models import Account, Entry, Transfer
from wallets.queries import balance

pytestmark = pytest.mark.django_db


@pytest.fixture
def dispute(poster: Agent, worker: Agent) -> Dispute:
    """About 80 USDC, of which the worker pays 1 % whoever decides."""
    terms = {"release_fee_bps": 100, "dispute_fee_bps": 100}
    return factories.disputed_job(poster, worker, terms=terms).disputes.get()


@pytest.fixture
def arbiter(db: None) -> Agent:
    return make_operator("arbiter")


def test_the_preview_says_every_line_to_the_micro_and_moves_nothing(dispute: Dispute, arbiter: Agent) -> None:
    """30.000001 of 80: the worker's part pays the 1 % of the Terms, rounded half up."""
    before = list(Account.objects.order_by("pk").values_list("kind", "balance"))

    shown = client_of(arbiter).post(address_of(dispute, "rule"), split("30.000001"))

    preview = shown.context["preview"]
    assert (preview.to_poster, preview.to_worker, preview.fee) == (30_000_001, 49_499_999, 500_000)
    assert sum(change for _, change, _ in preview.lines) == 0
    assert sorted(change for _, change, _ in preview.lines) == [-80_000_000, 500_000, 30_000_001, 49_499_999]
    assert list(Account.objects.order_by("pk").values_list("kind", "balance")) == before
    dispute.refresh_from_db()
    assert (dispute.status, dispute.job.status) == ("OPEN", Status.DISPUTED)


def test_what_is_confirmed_is_what_was_shown(dispute: Dispute, arbiter: Agent) -> None:
    browser, typed = client_of(arbiter), split("30.000001", internal="Cheap work.")
    preview = browser.post(address_of(dispute, "rule"), typed).context["preview"]

    done = browser.post(address_of(dispute, "rule"), {**typed, "confirmed": "1"}, follow=True)

    entries = Entry.objects.filter(transfer__kind=Transfer.Kind.DISPUTE_SPLIT)
    assert sorted(entries.values_list("amount", flat=True)) == sorted(change for _, change, _ in preview.lines)
    dispute.refresh_from_db()
    assert (dispute.to_poster, dispute.note, dispute.job.status) == (30_000_001, NOTE, Status.COMPLETED)
    assert "Ruled: the money is divided." in text_of(done)
    assert not Holding.objects.exists()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (split("80.000001"), "poster_usdc"),
        (split("-1"), "poster_usdc"),
        (split(""), "poster_usdc"),
        (split("1", poster_percent="50"), "poster_percent"),
        (split("", poster_percent="100.01"), "poster_percent"),
        (split(note=""), "note"),
        ({"outcome": "REFUND", "poster_usdc": "1", "ground": "OTHER", "note": NOTE}, "poster_usdc"),
        ({"outcome": "NOTHING", "ground": "OTHER", "note": NOTE}, "outcome"),
    ],
)
def test_a_ruling_that_cannot_be_is_refused_beside_its_field(
    dispute: Dispute, arbiter: Agent, typed: dict[str, str], field: str
) -> None:
    for sent in (typed, {**typed, "confirmed": "1"}):
        response = client_of(arbiter).post(address_of(dispute, "rule"), sent)
        assert list(response.context["ruling"].errors) == [field]
    dispute.refresh_from_db()
    assert dispute.is_open


def test_a_split_may_be_said_in_per_cent(dispute: Dispute, arbiter: Agent) -> None:
    shown = client_of(arbiter).post(address_of(dispute, "rule"), split("", poster_percent="12.5"))
    assert shown.context["preview"].to_poster == 10 * MICRO


def test_support_reads_a_case_and_decides_nothing(dispute: Dispute) -> None:
    browser = client_of(make_operator("support"))

    page = browser.get(address_of(dispute))

    assert "Not what was agreed." in text_of(page)
    assert 'name="outcome"' not in page.content.decode()
    typed = {**split(), "confirmed": "1", "text": "Noted.", "of": "BOTH", "question": "Where is it?"}
    for verb in ("hold", "release", "note", "ask", "rule"):
        assert browser.post(address_of(dispute, verb), typed).status_code == 403
    assert browser.post("/admin/disputes/dispute/next/").status_code == 403
    dispute.refresh_from_db()
    assert (dispute.is_open, Note.objects.count(), Holding.objects.count()) == (True, 0, 0)


def test_an_operator_with_a_hand_in_the_deal_sees_no_notes_and_judges_nothing(poster: Agent) -> None:
    """A superuser too: the owner of the worker is a party as much as the worker."""
    owner = make_operator(name="Owen")
    dispute = factories.disputed_job(poster, factories.make_agent(owner)).disputes.get()
    browser = client_of(owner)

    assert browser.get(address_of(dispute)).status_code == 403
    browser.post(address_of(dispute, "hold"))
    browser.post(address_of(dispute, "note"), {"text": "Poor me."})
    for sent in (split(), {**split(), "confirmed": "1"}):
        assert browser.post(address_of(dispute, "rule"), sent).status_code == 403
    browser.post("/admin/disputes/dispute/next/")

    dispute.refresh_from_db()
    assert (dispute.is_open, Note.objects.count(), Holding.objects.count()) == (True, 0, 0)


def test_notes_are_read_by_operators_and_by_no_side(dispute: Dispute, arbiter: Agent, poster: Agent) -> None:
    browser = client_of(arbiter)
    browser.post(address_of(dispute, "note"), {"text": "They did this before."})

    assert "They did this before." in text_of(browser.get(address_of(dispute)))
    for address in (f"/jobs/{dispute.job_id}/", f"/v1/disputes/{dispute.pk}"):
        read = client_of(poster).get(address)
        assert read.status_code == 200
        assert "They did this before." not in read.content.decode()
    assert "They did this before." not in text_of(client_of(make_operator("support")).get(address_of(dispute)))


def test_the_next_case_is_the_one_due_first_that_nobody_holds(poster: Agent, worker: Agent, arbiter: Agent) -> None:
    first, second = (factories.disputed_job(poster, worker).disputes.get() for _ in range(2))
    other = make_operator("arbiter", name="Anton")
    cases.hold(dispute=first, operator=other)

    answer = client_of(arbiter).post("/admin/disputes/dispute/next/")

    assert answer["Location"] == address_of(second)
    assert Holding.objects.get(dispute=second).holder == arbiter
    assert "No case waits for you." in text_of(client_of(arbiter).post("/admin/disputes/dispute/next/", follow=True))


def test_who_does_not_hold_a_case_rules_on_it_only_after_its_release(dispute: Dispute, arbiter: Agent) -> None:
    other = make_operator("arbiter", name="Anton")
    cases.hold(dispute=dispute, operator=other)

    refused = client_of(arbiter).post(address_of(dispute, "rule"), {**split(), "confirmed": "1"})
    assert "Anton works on this case" in text_of(refused)
    with pytest.raises(cases.CaseHeld):
        cases.release(dispute=dispute, operator=arbiter)

    cases.release(dispute=dispute, operator=other)
    cases.rule(dispute=dispute, operator=arbiter, to_poster=0, note=NOTE)
    dispute.refresh_from_db()
    assert dispute.status == "RESOLVED"


@pytest.mark.django_db(transaction=True)
def test_of_many_operators_who_take_a_case_at_once_one_has_it(poster: Agent, worker: Agent) -> None:
    dispute = factories.disputed_job(poster, worker).disputes.get()
    operators = [make_operator("arbiter") for _ in range(8)]

    def take(operator: Agent) -> str:
        try:
            return str(cases.hold(dispute=dispute, operator=operator).holder_id)
        except MarketError as refusal:
            return refusal.code

    outcomes = race([lambda operator=operator: take(operator) for operator in operators])

    assert outcomes.count("CASE_HELD") == 7
    assert str(Holding.objects.get().holder_id) in outcomes


def test_a_large_sum_goes_from_the_first_who_rules_to_a_second(
    dispute: Dispute, arbiter: Agent, worker: Agent, settings: Any
) -> None:
    settings.RULING_ALONE_UP_TO = 79 * MICRO
    sent = {"outcome": "PAY", "ground": "DELIVERED", "note": NOTE}
    first = client_of(arbiter)
    assert first.post(address_of(dispute, "rule"), sent).context["is_first_of_two"]
    assert "waits until another rules" in text_of(
        first.post(address_of(dispute, "rule"), {**sent, "confirmed": "1"}, follow=True)
    )
    assert (balance(worker).available, Holding.objects.count()) == (0, 0)

    second = client_of(make_operator("arbiter", name="Anton"))
    assert not second.post(address_of(dispute, "rule"), sent).context["is_first_of_two"]
    second.post(address_of(dispute, "rule"), {**sent, "confirmed": "1"})
    assert balance(worker).available == 79_200_000


def test_the_pages_cost_as_much_with_many_cases_as_with_one(poster: Agent, worker: Agent, arbiter: Agent) -> None:
    browser = client_of(arbiter)
    dispute = factories.disputed_job(poster, worker).disputes.get()

    def cost(address: str) -> int:
        browser.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
        return len(queries)

    addresses = ["/admin/", "/admin/disputes/dispute/", address_of(dispute)]
    one = [cost(address) for address in addresses]
    for _ in range(4):
        cases.hold(dispute=factories.disputed_job(poster, worker).disputes.get(), operator=arbiter)
    assert [cost(address) for address in addresses] == one


def test_who_may_not_judge_is_told_so_by_name(poster: Agent) -> None:
    owner = make_operator(name="Owen")
    dispute = factories.disputed_job(poster, factories.make_agent(owner)).disputes.get()
    with pytest.raises(NotAllowed, match="a hand in this deal"):
        cases.write_note(dispute=dispute, operator=owner, text="Poor me.")
    with pytest.raises(NotAllowed):
        cases.preview_ruling(dispute=dispute, operator=owner, to_poster=0, note=NOTE)


def test_a_phase_lasts_as_long_again_once(dispute: Dispute, arbiter: Agent, poster: Agent) -> None:
    ends_at = dispute.phase_ends_at
    browser = client_of(arbiter)
    for _ in range(2):
        answer = browser.post(address_of(dispute, "extend"), follow=True)
    dispute.refresh_from_db()
    assert dispute.phase_ends_at == ends_at + timedelta(seconds=dispute.job.rules.negotiation_window_seconds)
    assert "once is all there is" in text_of(answer)
    assert Event.objects.get(type="dispute.extended").actor == arbiter
    with pytest.raises(NotAllowed):
        extend_phase(dispute=dispute, actor=poster)


def test_a_ruling_begins_with_words_that_are_kept_and_says_what_it_rests_on(dispute: Dispute, arbiter: Agent) -> None:
    wording = Wording.objects.create(name="Half of it", ground="DELIVERED_IN_PART", text=NOTE)
    browser = client_of(arbiter)

    page = browser.get(address_of(dispute), {"wording": wording.pk}).content.decode()
    assert NOTE in page
    assert '<option value="DELIVERED_IN_PART" selected>' in page

    browser.post(address_of(dispute, "rule"), {**split(), "confirmed": "1"})
    dispute.refresh_from_db()
    assert (dispute.ground, dispute.rulings.get().ground) == ("DELIVERED_IN_PART", "DELIVERED_IN_PART")
    told = client_of(dispute.job.poster).get(f"/v1/disputes/{dispute.pk}").json()["data"]
    assert told["ground"] == "DELIVERED_IN_PART"


def test_the_queue_says_in_words_and_colour_what_is_late(poster: Agent, worker: Agent, arbiter: Agent) -> None:
    late, soon, ahead = (factories.disputed_job(poster, worker).disputes.get() for _ in range(3))
    for dispute, hours in ((late, -1), (soon, 1), (ahead, 48)):
        Dispute.objects.filter(pk=dispute.pk).update(phase_ends_at=timezone.now() + timedelta(hours=hours))

    page = client_of(arbiter).get("/admin/disputes/dispute/").content.decode()

    shown = re.findall(r'<span class="desk-due (\w*)">\S+ \S+ ?(.*?)</span>', page)
    assert shown == [("over", "(over)"), ("soon", "(within a day)"), ("", "")]


def test_who_holds_a_case_is_respected_over_http_too(dispute: Dispute, arbiter: Agent) -> None:
    """Ruling, asking, proposing and naming a mediator, each refused by the name of the holder."""
    other = make_operator("arbiter", name="Anton")
    escalate(dispute=dispute, actor=dispute.job.poster)
    cases.hold(dispute=dispute, operator=arbiter)
    sent = {
        "resolve": {"outcome": "REFUND", "note": NOTE},
        "mediator": {"mediatorId": other.handle},
        "information-requests": {"of": "BOTH", "question": "What was agreed?"},
        "offers": {"outcome": "REFUND"},
    }
    for verb, body in sent.items():
        answer = post_json(other, f"/disputes/{dispute.pk}/{verb}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "CASE_HELD"), (verb, answer.json())
        assert arbiter.name in answer.json()["detail"]
    answer = post_json(arbiter, f"/disputes/{dispute.pk}/resolve", sent["resolve"])
    assert answer.status_code == 200, answer.json()
    assert not Holding.objects.exists()
