"""Deals that both sides change while they run, and deals that the worker gives back."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as site
from django.db import DatabaseError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from agents.models import Agent, TrackRecord
from disputes.services import close_dispute, open_dispute
from jobs import services as jobs
from jobs.agreements.models import Agreement, EarlyEnd
from jobs.agreements.queries import agreements_on
from jobs.agreements.rules import AgreementNotPending, available_answers
from jobs.agreements.services import (
    accept_agreement,
    decline_agreement,
    give_back,
    propose_end,
    propose_extension,
    withdraw_agreement,
)
from jobs.agreements.tasks import lapse_due_agreements
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.queries import timeline
from jobs.reputation.services import compute
from jobs.reviews.services import give_review
from jobs.rules import WrongStatus, available_actions
from jobs.services import AlreadyHandedIn
from marketplace.errors import Invalid, NotAllowed
from marketplace.money import MICRO
from tests.factories import FUNDS, OUTPUT, PRICE, assigned_job, job_in, make_agent, started_job, submitted_job
from wallets.models import Transfer
from wallets.queries import balance, escrow_balance

pytestmark = pytest.mark.django_db
FEE = {"dispute_fee_bps": 1000}


def later(job: Job, days: int = 7) -> Any:
    return job.deadline_at + timedelta(days=days)


def reload(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def status_of(agreement: Agreement) -> str:
    agreement.refresh_from_db()
    return agreement.status


def lapse(agreement: Agreement) -> None:
    """Its time is up by the clock of the database."""
    Agreement.objects.filter(pk=agreement.pk).update(lapses_at=Now())


class TestMoreTime:
    @pytest.mark.parametrize("made", [assigned_job, started_job])
    def test_the_work_is_due_when_both_say_so(self, poster: Agent, worker: Agent, made: Any) -> None:
        job = made(poster, worker)
        proposed = propose_extension(job=job, actor=worker, due_at=later(job), note="The **data** came late.")
        assert (reload(job).promised_at, reload(job).deadline_at) == (job.promised_at, job.deadline_at)
        agreed = accept_agreement(agreement=proposed, actor=poster)
        job = reload(job)
        assert (job.promised_at, job.deadline_at) == (agreed.due_at, agreed.due_at)
        assert (job.status, escrow_balance(job)) == (agreed.job.status, PRICE)
        told = [event.type for event in timeline(job)][-2:]
        assert told == ["agreement.proposed", "agreement.accepted"]

    def test_work_in_time_by_the_new_promise_is_in_time(self, poster: Agent, worker: Agent) -> None:
        """A promise that was kept as it was agreed on anew counts as kept."""
        job = started_job(poster, worker)
        Job.objects.update(promised_at=Now() - timedelta(hours=1))
        accept_agreement(agreement=propose_extension(job=job, actor=worker, due_at=later(job)), actor=poster)
        jobs.submit_output(job=job, actor=worker, output_data=OUTPUT)
        jobs.approve_job(job=job, actor=poster)
        compute([worker.pk])
        record = TrackRecord.objects.get(agent=worker)
        assert record.punctuality_good == record.punctuality_jobs > 0

    @pytest.mark.parametrize("days", [-40, 0, 4000])
    def test_less_time_or_endless_time_is_refused_by_name(self, poster: Agent, worker: Agent, days: int) -> None:
        job = started_job(poster, worker)
        with pytest.raises(Invalid) as refusal:
            propose_extension(job=job, actor=worker, due_at=later(job, days))
        assert [error.field for error in refusal.value.errors] == ["dueAt"]

    def test_work_that_is_handed_in_needs_no_more_time(self, poster: Agent, worker: Agent) -> None:
        job = submitted_job(poster, worker)
        with pytest.raises(WrongStatus, match="cannot be changed so"):
            propose_extension(job=job, actor=worker, due_at=later(job))


class TestEndingIt:
    @pytest.mark.parametrize("made", [assigned_job, started_job, submitted_job])
    @pytest.mark.parametrize("to_poster", [0, PRICE // 4, PRICE])
    def test_the_price_is_divided_once_as_both_agreed(
        self, poster: Agent, worker: Agent, made: Any, to_poster: int
    ) -> None:
        """The worker's part pays the fee that a dispute's would; what goes back pays none."""
        job = made(poster, worker, terms=FEE)
        proposed = propose_end(job=job, actor=poster, to_poster=to_poster)
        assert escrow_balance(job) == PRICE
        accept_agreement(agreement=proposed, actor=worker)
        job, part = reload(job), PRICE - to_poster
        assert (job.status, job.payout, job.auto_approve_at) == (Status.CANCELLED, part * 9 // 10, None)
        assert (balance(poster).available, balance(worker).available) == (FUNDS - part, part * 9 // 10)
        assert escrow_balance(job) == 0
        assert (job.early_end.how, job.early_end.to_poster) == ("AGREED", to_poster)
        assert [event.type for event in timeline(job)][-2:] == ["agreement.accepted", "job.cancelled"]
        assert available_actions(job, poster) == available_actions(job, worker) == []
        worker.refresh_from_db()
        assert worker.completed_jobs == 0

    def test_work_that_was_handed_in_is_judged_with_it(self, poster: Agent, worker: Agent) -> None:
        for to_poster, verdict in ((PRICE, "REJECTED"), (PRICE - 1, "APPROVED")):
            job = submitted_job(poster, worker)
            accept_agreement(agreement=propose_end(job=job, actor=worker, to_poster=to_poster), actor=poster)
            assert job.submissions.get().verdict == verdict

    def test_a_deal_without_money_ends_without_money(self, poster: Agent, worker: Agent) -> None:
        job = started_job(poster, worker, terms={"fund_on": "never"})
        accept_agreement(agreement=propose_end(job=job, actor=worker, to_poster=0), actor=poster)
        assert reload(job).status == Status.CANCELLED
        assert not Transfer.objects.filter(job=job).exists()

    def test_no_cancel_fee_is_kept(self, poster: Agent, worker: Agent) -> None:
        job = assigned_job(poster, worker, terms={"cancel_fee_bps": 5000})
        accept_agreement(agreement=propose_end(job=job, actor=poster, to_poster=PRICE), actor=worker)
        assert balance(poster).available == FUNDS

    @pytest.mark.parametrize("to_poster", [-1, PRICE + 1])
    def test_more_than_the_price_is_refused_by_name(self, poster: Agent, worker: Agent, to_poster: int) -> None:
        with pytest.raises(Invalid, match="posterUsdc"):
            propose_end(job=started_job(poster, worker), actor=worker, to_poster=to_poster)

    def test_both_sides_may_say_how_it_was(self, poster: Agent, worker: Agent) -> None:
        job = started_job(poster, worker)
        accept_agreement(agreement=propose_end(job=job, actor=poster, to_poster=MICRO), actor=worker)
        for side in (poster, worker):
            give_review(job=reload(job), actor=side, rating=4)
        assert job.reviews.exclude(revealed_at=None).count() == 2

    def test_an_end_that_both_wanted_is_no_failure(self, poster: Agent, worker: Agent) -> None:
        """docs/reputation.md"""
        compute([worker.pk])
        worker.refresh_from_db()
        before = worker.reputation
        job = started_job(poster, worker)
        accept_agreement(agreement=propose_end(job=job, actor=poster, to_poster=PRICE), actor=worker)
        compute([worker.pk])
        worker.refresh_from_db()
        assert worker.reputation == before


class TestAnswers:
    @pytest.fixture
    def job(self, poster: Agent, worker: Agent) -> Job:
        return started_job(poster, worker)

    @pytest.fixture
    def proposed(self, job: Job, worker: Agent) -> Agreement:
        return propose_end(job=job, actor=worker, to_poster=MICRO)

    def test_each_side_has_its_answers(self, job: Job, poster: Agent, worker: Agent, proposed: Agreement) -> None:
        assert available_answers(proposed, poster) == ["accept", "decline"]
        assert available_answers(proposed, worker) == available_answers(proposed, worker.owner.agent) == ["withdraw"]
        outsider = make_agent(name="Oscar")
        assert available_answers(proposed, outsider) == []
        for answer, actors in (
            (accept_agreement, (worker, worker.owner.agent, outsider)),
            (decline_agreement, (worker, outsider)),
            (withdraw_agreement, (poster, outsider)),
        ):
            for actor in actors:
                with pytest.raises(NotAllowed):
                    answer(agreement=proposed, actor=actor)
        with pytest.raises(NotAllowed):
            agreements_on(job, outsider)
        assert status_of(proposed) == "PENDING"

    @pytest.mark.parametrize(("answer", "who", "status"), [
        (decline_agreement, "poster", "DECLINED"), (withdraw_agreement, "worker", "WITHDRAWN"),
    ])  # fmt: skip
    def test_no_leaves_the_deal_as_it_is(
        self, job: Job, proposed: Agreement, answer: Any, who: str, status: str, request: pytest.FixtureRequest
    ) -> None:
        before = Job.objects.values().get()
        answer(agreement=proposed, actor=request.getfixturevalue(who))
        assert (status_of(proposed), Job.objects.values().get()) == (status, before)
        with pytest.raises(AgreementNotPending):
            accept_agreement(agreement=proposed, actor=job.poster)

    def test_a_new_proposal_of_a_side_replaces_its_last(
        self, job: Job, poster: Agent, worker: Agent, proposed: Agreement
    ) -> None:
        theirs = propose_end(job=job, actor=poster, to_poster=PRICE)
        newer = propose_extension(job=job, actor=worker.owner.agent, due_at=later(job))
        assert [status_of(one) for one in (proposed, theirs, newer)] == ["REPLACED", "PENDING", "PENDING"]
        with pytest.raises(AgreementNotPending, match="replaced"):
            accept_agreement(agreement=proposed, actor=poster)

    def test_what_nobody_answers_lapses_by_the_clock_of_the_database(
        self, job: Job, poster: Agent, proposed: Agreement
    ) -> None:
        """C3: swept or not."""
        wait = proposed.lapses_at - proposed.created_at
        assert wait == timedelta(days=site.AGREEMENT_DAYS)
        assert lapse_due_agreements() == 0
        lapse(proposed)
        with pytest.raises(AgreementNotPending, match="lapsed"):
            accept_agreement(agreement=proposed, actor=poster)
        assert (lapse_due_agreements(), lapse_due_agreements()) == (1, 0)
        assert status_of(proposed) == "LAPSED"
        assert timeline(job).last().type == "agreement.lapsed"

    def test_nobody_agrees_to_a_time_that_has_passed(self, job: Job, worker: Agent) -> None:
        Job.objects.update(deadline_at=timezone.now(), promised_at=None)
        soon = timezone.now() + timedelta(hours=1)
        assert propose_extension(job=job, actor=worker, due_at=soon).lapses_at == soon

    def test_of_two_proposals_the_later_time_stays(self, job: Job, poster: Agent, worker: Agent) -> None:
        """An older one that is nearer would make late what both agreed to be in time."""
        near = propose_extension(job=job, actor=worker, due_at=later(job, 2))
        far = propose_extension(job=job, actor=poster, due_at=later(job, 9))
        accept_agreement(agreement=far, actor=worker)
        with pytest.raises(AgreementNotPending):
            accept_agreement(agreement=near, actor=poster)
        assert reload(job).promised_at == far.due_at

    def test_nobody_takes_the_work_and_an_end_that_was_proposed_before_it(
        self, job: Job, poster: Agent, worker: Agent
    ) -> None:
        early = propose_end(job=job, actor=worker, to_poster=PRICE)
        jobs.submit_output(job=job, actor=worker, output_data=OUTPUT)
        with pytest.raises(AgreementNotPending):
            accept_agreement(agreement=early, actor=poster)
        generous = propose_end(job=job, actor=poster, to_poster=0)
        jobs.reject_submission(job=job, actor=poster, reason="It is not what was asked for.")
        with pytest.raises(AgreementNotPending):
            accept_agreement(agreement=generous, actor=worker)

    @pytest.mark.parametrize("ended", ["handed in", "disputed", "given back"])
    def test_nothing_waits_when_the_work_is_over(
        self, job: Job, poster: Agent, worker: Agent, proposed: Agreement, ended: str
    ) -> None:
        match ended:
            case "handed in":
                jobs.submit_output(job=job, actor=worker, output_data=OUTPUT)
            case "disputed":
                dispute = open_dispute(job=job, actor=poster, reason="Not what was agreed.")
                close_dispute(dispute=dispute, actor=poster)
            case "given back":
                give_back(job=job, actor=worker)
        assert status_of(proposed) == "LAPSED"
        with pytest.raises(AgreementNotPending):
            accept_agreement(agreement=proposed, actor=poster)

    def test_what_was_proposed_and_answered_stays(self, job: Job, poster: Agent, proposed: Agreement) -> None:
        """Whoever tries, with SQL."""
        for change in ({"to_poster": 5}, {"note": "Something else."}, {"lapses_at": Now(), "kind": "EXTEND"}):
            with pytest.raises(DatabaseError), transaction.atomic():
                Agreement.objects.update(**change)
        accept_agreement(agreement=proposed, actor=poster)
        for rows, change in ((Agreement, {"status": "PENDING", "answered_at": None}), (EarlyEnd, {"to_poster": 5})):
            with pytest.raises(DatabaseError), transaction.atomic():
                rows.objects.update(**change)
        for rows in (Agreement, EarlyEnd):
            with pytest.raises(DatabaseError), transaction.atomic():
                rows.objects.all().delete()


class TestGivingBack:
    @pytest.mark.parametrize("made", [assigned_job, started_job])
    def test_the_poster_has_all_of_the_price_back(self, poster: Agent, worker: Agent, made: Any) -> None:
        job = made(poster, worker, terms={"cancel_fee_bps": 5000})
        give_back(job=job, actor=worker.owner.agent, reason="My printer broke.")
        job = reload(job)
        assert (job.status, balance(poster).available, escrow_balance(job)) == (Status.CANCELLED, FUNDS, 0)
        assert job.early_end.how == "GIVEN_BACK"
        assert [event.type for event in timeline(job)][-2:] == ["job.given_back", "job.cancelled"]

    @pytest.mark.parametrize("made", [assigned_job, started_job])
    def test_it_counts_as_not_completed(self, poster: Agent, worker: Agent, made: Any) -> None:
        """docs/reputation.md"""
        give_back(job=made(poster, worker), actor=worker)
        compute([worker.pk])
        worker.refresh_from_db()
        record = TrackRecord.objects.get(agent=worker)
        assert (record.completion_good, record.completion_jobs, record.disputes_jobs) == (0, 1, 0)
        assert worker.reputation < 0.5

    def test_what_was_handed_in_once_is_not_given_back(self, poster: Agent, worker: Agent) -> None:
        job = submitted_job(poster, worker)
        jobs.reject_submission(job=job, actor=poster, reason="Too long.")
        assert "give-back" not in available_actions(reload(job), worker)
        with pytest.raises(AlreadyHandedIn):
            give_back(job=job, actor=worker)
        assert escrow_balance(job) == PRICE

    @pytest.mark.parametrize("status", [Status.OPEN, Status.IN_REVIEW, Status.COMPLETED, Status.DISPUTED])
    def test_only_what_one_has_is_given_back(self, poster: Agent, worker: Agent, status: Status) -> None:
        job = job_in(status, poster, worker)
        with pytest.raises((NotAllowed, WrongStatus)):
            give_back(job=job, actor=worker)
