"""Operators stop new jobs, new bids, withdrawals or everything, of one agent or of the site, until a time (PEOPLE,
Operators: suspend with scope and end date, freeze funds, pause bidding and withdrawals, read-only mode)."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pgtrigger
import pytest
from django.db import ProgrammingError, transaction
from django.test import Client
from django.utils import timezone

from agents.halts.models import Activity, Halt
from agents.halts.queries import clocks_stand, is_held_off
from agents.halts.rules import Halted
from agents.halts.services import impose, let_back, lift
from agents.halts.tasks import end_suspensions
from agents.models import Agent
from bids.queries import visible_bids
from bids.services import BiddingClosed, accept_bid, place_bid
from jobs.agreements.models import Agreement
from jobs.agreements.rules import AgreementNotPending, available_answers
from jobs.agreements.services import accept_agreement, decline_agreement, propose_end, propose_extension
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.services import DeadlinePassed
from jobs.tasks import approve_due_reviews
from marketplace.errors import Invalid, NotAllowed
from marketplace.events.models import Event
from marketplace.money import MICRO
from tests import factories
from tests.bids.market import auction, end_bidding
from tests.fixtures import api_for
from tests.pages import client_of, text_of
from tests.waiting import wait_for
from tests.wallets.outside import ADDRESS
from wallets.models import Withdrawal
from wallets.rails.tasks import move_withdrawals
from wallets.services import request_withdrawal

pytestmark = pytest.mark.django_db
WHY = "We are looking into something."
HOUR = timedelta(hours=1)


@pytest.fixture
def operator(db: None) -> Agent:
    return factories.make_person("Olga", is_staff=True, is_superuser=True)


@pytest.fixture
def verbs(poster: Agent, worker: Agent) -> dict[Activity, Callable[[], Any]]:
    """What each activity is, done by the poster or the worker."""
    draft, wanted = factories.draft_job(poster), factories.open_job(factories.make_person("Olaf"))
    return {
        Activity.JOBS: lambda: factories.jobs.publish_job(job=draft, actor=poster),
        Activity.BIDS: lambda: factories.make_bid(wanted, worker),
        Activity.WITHDRAWALS: lambda: withdraw(poster),
    }


def withdraw(agent: Agent) -> Withdrawal:
    return request_withdrawal(agent=agent, actor=agent, amount=5 * MICRO, address=ADDRESS, key="k")


def ended(since: timedelta, until: timedelta, operator: Agent, **changes: Any) -> Halt:
    """A halt that began and ended so long ago."""
    now = timezone.now()
    words = {"activity": Activity.EVERYTHING, "imposed_by": operator, "reason": WHY, **changes}
    return Halt.objects.create(created_at=now - since, ends_at=now - until, **words)


# What is stopped, and what is not


@pytest.mark.parametrize("activity", [Activity.JOBS, Activity.BIDS, Activity.WITHDRAWALS])
def test_a_halt_of_the_site_refuses_that_and_nothing_else(
    activity: Activity, operator: Agent, verbs: dict[Activity, Callable[[], Any]]
) -> None:
    halt = impose(activity=activity, operator=operator, reason=WHY)

    with pytest.raises(Halted, match=WHY) as refused:
        verbs.pop(activity)()
    assert (refused.value.status, refused.value.extra["halted"]) == (503, activity)
    for verb in verbs.values():
        verb()
    lift(halt=halt, operator=operator)


def test_it_goes_on_when_it_is_lifted_and_when_its_end_has_come(
    operator: Agent, verbs: dict[Activity, Callable[[], Any]]
) -> None:
    ended(2 * HOUR, HOUR, operator, activity=Activity.BIDS)
    verbs[Activity.BIDS]()
    lift(halt=impose(activity=Activity.JOBS, operator=operator, reason=WHY), operator=operator)
    verbs[Activity.JOBS]()


def test_everything_stopped_stops_each_verb(operator: Agent, verbs: dict[Activity, Callable[[], Any]]) -> None:
    impose(activity=Activity.EVERYTHING, operator=operator, reason=WHY)
    for verb in verbs.values():
        with pytest.raises(Halted):
            verb()


def test_a_halt_of_a_person_binds_their_agents_and_nobody_else(operator: Agent, worker: Agent, poster: Agent) -> None:
    """With 403, since it is about them; and they are told why and until when."""
    owner, other = worker.owner.agent, factories.make_agent()
    until = timezone.now() + HOUR
    impose(activity=Activity.BIDS, operator=operator, reason=WHY, agent=owner, ends_at=until)
    job = factories.open_job(poster)

    with pytest.raises(Halted) as refused:
        factories.make_bid(job, worker)
    assert refused.value.status == 403
    factories.make_bid(job, other)
    told = Event.objects.get(type="agent.halted").data
    assert (told["agentId"], told["activity"], told["reason"]) == (owner.handle, "BIDS", WHY)
    assert told["until"] == refused.value.extra["until"]


@pytest.mark.django_db(transaction=True)
def test_what_was_to_be_sent_waits_until_withdrawals_go_on(operator: Agent, poster: Agent) -> None:
    """Frozen funds: what was asked for before the halt is not sent during it, and is afterwards."""
    withdrawal = withdraw(poster)
    halt = impose(activity=Activity.WITHDRAWALS, operator=operator, reason=WHY, agent=poster)
    move_withdrawals()
    withdrawal.refresh_from_db()
    assert (withdrawal.status, withdrawal.prepared_at) == ("PENDING", None)
    assert "stopped withdrawals" in withdrawal.last_error

    lift(halt=halt, operator=operator)
    Withdrawal.objects.update(next_step_at=timezone.now())
    move_withdrawals()
    withdrawal.refresh_from_db()
    assert withdrawal.status == "CONFIRMED"


# The site for reading alone


def test_a_site_for_reading_reads_and_refuses_the_rest_in_the_words_of_each_door(
    operator: Agent, poster: Agent, worker: Agent
) -> None:
    job = factories.open_job(poster)
    api, browser = api_for(worker), client_of(poster)
    impose(activity=Activity.EVERYTHING, operator=operator, reason=WHY)

    assert api.get(f"/jobs/{job.pk}").status_code == 200
    answer = api.post(f"/jobs/{job.pk}/bids", {"amountUsdc": "5.00"})
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "HALTED", "300")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["halted"] == "EVERYTHING"
    page = browser.get(f"/jobs/{job.pk}/")
    assert (page.status_code, WHY in text_of(page)) == (200, True)
    refused = browser.post(f"/jobs/{job.pk}/cancel/")
    assert (refused.status_code, WHY in text_of(refused)) == (503, True)
    job.refresh_from_db()
    assert job.status == Status.OPEN


def test_operators_come_in_and_lift_it(operator: Agent) -> None:
    impose(activity=Activity.EVERYTHING, operator=operator, reason=WHY)
    visitor = Client()
    assert visitor.post("/account/login/", {"login": "nobody@people.example", "password": "x"}).status_code == 200
    browser = client_of(operator)
    chosen = {"action": "lift_chosen", "_selected_action": [str(Halt.objects.get().pk)]}
    assert "Lifted: 1." in text_of(browser.post("/admin/halts/halt/", chosen, follow=True))
    assert WHY not in text_of(browser.get("/"))


def test_time_decides_nothing_while_nobody_can_act_and_as_long_again(
    operator: Agent, poster: Agent, worker: Agent
) -> None:
    job = factories.submitted_job(poster, worker)
    Job.objects.filter(pk=job.pk).update(auto_approve_at=timezone.now() - HOUR)
    impose(activity=Activity.EVERYTHING, operator=operator, reason=WHY)
    assert approve_due_reviews() == 0
    lift(halt=Halt.objects.get(), operator=operator)
    wait_for(lambda: approve_due_reviews() == 1, "the clocks to go on")


@pytest.mark.parametrize(
    ("since", "until", "stand"),
    [(3, 1, True), (3, 2, False), (100, 30, False), (100, 23, True)],
    ids=["as long again", "no longer", "a day at most", "within the day"],
)
def test_clocks_stand_as_long_after_it_as_it_lasted(operator: Agent, since: int, until: int, stand: bool) -> None:
    ended(since * HOUR, until * HOUR, operator)
    assert clocks_stand() is stand


@pytest.mark.parametrize(("hours", "is_over"), [(3.5, False), (6.5, True)])
def test_a_second_halt_keeps_what_the_first_one_promised(operator: Agent, hours: float, is_over: bool) -> None:
    """The first held the clocks until an hour ago, the second began within that; both ends came before the second."""
    ended(5 * HOUR, 3 * HOUR, operator)
    ended(2 * HOUR, HOUR / 2, operator)
    assert is_held_off(timezone.now() - hours * HOUR) is not is_over


def test_a_second_halt_brings_back_nothing_that_had_ended_between_them(operator: Agent) -> None:
    ended(8 * HOUR, 7 * HOUR, operator)
    ended(2 * HOUR, HOUR / 2, operator)
    assert not is_held_off(timezone.now() - 7.5 * HOUR)
    assert is_held_off(timezone.now() - 1.5 * HOUR)


def test_no_other_halt_stops_the_clocks(operator: Agent, worker: Agent) -> None:
    impose(activity=Activity.BIDS, operator=operator, reason=WHY)
    impose(activity=Activity.EVERYTHING, operator=operator, reason=WHY, agent=worker)
    assert not clocks_stand()


@pytest.mark.parametrize("rule", ["reverse_auction", "sealed_bid"])
def test_bidding_goes_on_as_long_as_nobody_could_bid(operator: Agent, poster: Agent, worker: Agent, rule: str) -> None:
    """Its end came while the site was for reading alone; sealed bids stay sealed until it has."""
    job = auction(poster, rule)
    ended(3 * HOUR, HOUR, operator)
    job = end_bidding(job, hours=2)
    place_bid(job=job, bidder=worker, amount=MICRO, actor=worker)
    job.refresh_from_db()
    assert (job.bidding_closed_at, visible_bids(job, poster).exists()) == (None, rule != "sealed_bid")


def test_what_was_over_before_stays_over(operator: Agent, poster: Agent, worker: Agent) -> None:
    job = end_bidding(auction(poster, "reverse_auction"), hours=4)
    ended(3 * HOUR, HOUR, operator)
    with pytest.raises(BiddingClosed):
        place_bid(job=job, bidder=worker, amount=MICRO, actor=worker)


@pytest.mark.parametrize(("hours", "refused"), [(2, False), (4, True)])
def test_a_job_takes_bids_until_its_deadline_has_come(
    operator: Agent, poster: Agent, worker: Agent, hours: int, refused: bool
) -> None:
    job = factories.open_job(poster)
    ended(3 * HOUR, HOUR, operator)
    Job.objects.filter(pk=job.pk).update(deadline_at=timezone.now() - hours * HOUR)
    with pytest.raises(DeadlinePassed) if refused else nullcontext():
        accept_bid(bid=factories.make_bid(job, worker), actor=poster)


@pytest.mark.parametrize(("hours", "refused"), [(2, False), (4, True)])
def test_a_proposal_lapses_only_while_it_can_be_answered(
    operator: Agent, poster: Agent, worker: Agent, hours: int, refused: bool
) -> None:
    agreement = propose_end(job=factories.started_job(poster, worker), actor=worker, to_poster=0)
    ended(3 * HOUR, HOUR, operator)
    Agreement.objects.update(lapses_at=timezone.now() - hours * HOUR)
    agreement.refresh_from_db()
    assert available_answers(agreement, poster) == ([] if refused else ["accept", "decline"])
    with pytest.raises(AgreementNotPending) if refused else nullcontext():
        accept_agreement(agreement=agreement, actor=poster)


def test_nobody_agrees_to_a_time_that_passed_while_clocks_stood(operator: Agent, poster: Agent, worker: Agent) -> None:
    """It waits for its answer, which is no by now: the work could not come in time any more."""
    job = factories.started_job(poster, worker)
    agreement = propose_extension(job=job, actor=worker, due_at=job.deadline_at + HOUR)
    ended(3 * HOUR, HOUR, operator)
    passed = timezone.now() - 2 * HOUR
    with pgtrigger.ignore("agreements.Agreement:freeze_what_was_proposed"):
        Agreement.objects.update(due_at=passed, lapses_at=passed)
    agreement.refresh_from_db()
    assert available_answers(agreement, poster) == ["decline"]
    with pytest.raises(AgreementNotPending, match="has passed"):
        accept_agreement(agreement=agreement, actor=poster)
    decline_agreement(agreement=agreement, actor=poster)


# Suspensions with an end


def test_a_suspension_ends_by_itself(operator: Agent, worker: Agent, outsider: Agent) -> None:
    impose(activity=Activity.EVERYTHING, operator=operator, reason=WHY, agent=worker)
    impose(activity=Activity.EVERYTHING, operator=operator, reason=WHY, agent=outsider, ends_at=timezone.now() + HOUR)
    assert end_suspensions() == 0

    over = factories.make_agent(name="Paul")
    Agent.objects.filter(pk=over.pk).update(status=Agent.Status.SUSPENDED)
    halt = ended(2 * HOUR, HOUR, operator, agent=over)
    assert end_suspensions() == 1

    for agent in (worker, outsider, over):
        agent.refresh_from_db()
    assert [agent.status for agent in (worker, outsider, over)] == ["SUSPENDED", "SUSPENDED", "ACTIVE"]
    halt.refresh_from_db()
    assert (halt.lifted_at is not None, halt.lifted_by) == (True, None)
    assert Event.objects.filter(type="agent.unsuspended").get().actor is None


def test_an_operator_ends_it_before_its_time(operator: Agent, worker: Agent) -> None:
    impose(activity=Activity.EVERYTHING, operator=operator, reason=WHY, agent=worker, ends_at=timezone.now() + HOUR)
    worker.refresh_from_db()
    let_back(agent=worker, operator=operator)
    worker.refresh_from_db()
    assert (worker.status, Halt.objects.get().lifted_by) == ("ACTIVE", operator)


# Who may


def test_nobody_stops_others_without_being_an_operator_or_lets_go_on_what_is_their_own(
    operator: Agent, poster: Agent, worker: Agent
) -> None:
    own = factories.make_agent(operator)
    with pytest.raises(NotAllowed):
        impose(activity=Activity.BIDS, operator=poster, reason=WHY)
    with pytest.raises(NotAllowed):
        impose(activity=Activity.BIDS, operator=operator, reason=WHY, agent=own)
    other = factories.make_person("Otto", is_staff=True)
    halt = impose(activity=Activity.WITHDRAWALS, operator=other, reason=WHY, agent=own)
    with pytest.raises(NotAllowed):
        lift(halt=halt, operator=operator)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"ends_at": timezone.now() - HOUR}, "endsAt"),
        ({"ends_at": timezone.now() + timedelta(days=4000)}, "endsAt"),
    ],
)
def test_what_cannot_be_is_refused_by_name(operator: Agent, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        impose(**{"activity": Activity.BIDS, "operator": operator, "reason": WHY, **changes})
    assert [error.field for error in refused.value.errors] == [field]


@pytest.mark.parametrize("until", ["9999-12-31T23:59", "0001-01-01T00:00"])
@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Auckland"])
def test_no_end_lies_where_no_program_can_read_it(operator: Agent, worker: Agent, until: str, zone: str) -> None:
    """In UTC the last day of the year 9999 is one of the year 10000, and every page reads what is stopped."""
    browser = client_of(operator)
    browser.cookies["timezone"] = zone
    typed = {"activity": "EVERYTHING", "reason": WHY, "ends_at": until}
    answer = browser.post("/admin/halts/halt/add/", typed)
    assert (answer.status_code, "within ten years" in text_of(answer)) == (200, True)
    chosen = {"action": "suspend", "_selected_action": [str(worker.pk)], "confirmed": "1"}
    answer = browser.post("/admin/agents/agent/", {**chosen, **typed})
    assert (answer.status_code, "within ten years" in text_of(answer)) == (200, True)
    assert not Halt.objects.exists()


def test_what_was_stopped_is_never_rewritten(operator: Agent) -> None:
    halt = impose(activity=Activity.BIDS, operator=operator, reason=WHY)
    lift(halt=halt, operator=operator)
    for change in ({"reason": "No reason."}, {"lifted_at": None}):
        with pytest.raises(ProgrammingError), transaction.atomic():
            Halt.objects.update(**change)
    with pytest.raises(ProgrammingError, match="Cannot delete"), transaction.atomic():
        Halt.objects.all().delete()
