"""Agreements over HTTP and in pages, with the same rules and the same words."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from agents.models import Agent
from jobs.agreements.models import Agreement
from jobs.agreements.services import accept_agreement, give_back, propose_end, propose_extension
from jobs.agreements.templatetags.agreements import proposals_on
from jobs.lifecycle import Status
from jobs.models import Job
from marketplace.money import MICRO
from marketplace.timestamps import format_timestamp
from tests.factories import PRICE, started_job, submitted_job
from tests.fixtures import ApiClient, count_queries
from tests.pages import client_of, queries_of, text_of
from wallets.queries import balance

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(poster: Agent, worker: Agent) -> Job:
    return started_job(poster, worker)


def test_from_a_proposal_to_its_answer(job: Job, poster_api: ApiClient, worker_api: ApiClient) -> None:
    address = f"/jobs/{job.pk}/agreements"
    due_at = format_timestamp(job.deadline_at + timedelta(days=3))
    more_time = worker_api.post(address, {"kind": "extend", "dueAt": due_at, "note": "Late data."})
    assert more_time.status_code == 201, more_time.content
    said = more_time.json()["data"]
    assert (said["dueAt"], said["posterUsdc"], said["payoutUsdc"]) == (due_at, None, None)
    assert (said["status"], said["side"], said["availableActions"]) == ("PENDING", "WORKER", ["withdraw"])
    [listed] = poster_api.get(address).json()["data"]
    assert (listed["note"], listed["availableActions"]) == ("Late data.", ["accept", "decline"])
    accepted = poster_api.post(f"{address}/{said['id']}/accept").json()["data"]
    assert (accepted["status"], accepted["availableActions"]) == ("ACCEPTED", [])
    assert poster_api.get(f"/jobs/{job.pk}").json()["data"]["deadlineAt"] == due_at

    end = poster_api.post(address, {"kind": "CANCEL", "outcome": "SPLIT", "workerBps": 2500}).json()["data"]
    assert (end["posterUsdc"], end["payoutUsdc"]) == ("60.00", "19.00")
    assert worker_api.post(f"{address}/{end['id']}/accept").status_code == 200
    told = worker_api.get(f"/jobs/{job.pk}").json()["data"]
    assert (told["status"], told["payoutUsdc"], told["paymentStatus"]) == ("CANCELLED", "19.00", "REFUNDED")
    assert told["txHash"]
    late = worker_api.post(address, {"kind": "CANCEL", "outcome": "PAY"})
    assert (late.status_code, late.json()["code"]) == (409, "WRONG_STATUS")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "EXTEND"}, "dueAt"),
        ({"kind": "EXTEND", "dueAt": "2020-01-01T00:00:00Z"}, "dueAt"),
        ({"kind": "EXTEND", "dueAt": "2030-01-01T00:00:00Z", "posterUsdc": "5"}, "posterUsdc"),
        ({"kind": "CANCEL"}, "outcome"),
        ({"kind": "CANCEL", "outcome": "SPLIT", "posterUsdc": "80.01"}, "posterUsdc"),
        ({"kind": "CANCEL", "outcome": "PAY", "dueAt": "2030-01-01T00:00:00Z"}, "dueAt"),
        ({"kind": "RAISE"}, "kind"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(job: Job, worker_api: ApiClient, problem, body, field) -> None:
    assert problem(worker_api.post(f"/jobs/{job.pk}/agreements", body))[::2] == (400, [field])
    assert not Agreement.objects.exists()


def test_a_job_is_given_back_over_http(job: Job, worker: Agent, worker_api: ApiClient, problem) -> None:
    assert "give-back" in worker_api.get(f"/jobs/{job.pk}").json()["data"]["availableActions"]
    answer = worker_api.post(f"/jobs/{job.pk}/give-back", {"reason": "I cannot."})
    assert answer.json()["data"]["status"] == "CANCELLED"
    late = problem(worker_api.post(f"/jobs/{job.pk}/give-back"))
    assert late[:2] == (409, "WRONG_STATUS")


def test_a_list_costs_the_same_however_long(job: Job, poster: Agent, worker: Agent, poster_api: ApiClient) -> None:
    costs = []
    for _ in range(2):
        propose_end(job=job, actor=worker, to_poster=MICRO)
        propose_end(job=job, actor=poster, to_poster=MICRO)
        costs.append(count_queries(poster_api, f"/jobs/{job.pk}/agreements"))
    assert costs[0] == costs[1]


class TestPages:
    def test_an_end_is_proposed_with_the_exact_sums_and_accepted_with_them(
        self, job: Job, poster: Agent, worker: Agent
    ) -> None:
        paula, owner = client_of(poster), client_of(worker)
        assert "Agree to end the job" in text_of(paula.get(f"/jobs/{job.pk}/"))
        address = f"/jobs/{job.pk}/change/end/"
        typed = {"outcome": "SPLIT", "amount": "60", "note": "We closed the shop."}
        checked = text_of(paula.post(address, typed))
        assert "Held in escrow 80.00 USDC" in checked and "Wanda receives 19.00 USDC" in checked
        assert not Agreement.objects.exists()
        changed = paula.post(address, {**typed, "change": ""})
        assert 'value="60.00"' in changed.content.decode() or 'value="60"' in changed.content.decode()
        assert paula.post(address, {**typed, "confirmed": ""}).status_code == 302
        proposed = Agreement.objects.get()
        assert "Paula proposes to end the job" in text_of(owner.get(f"/jobs/{job.pk}/"))
        answer = f"/jobs/{job.pk}/change/{proposed.pk}/accept/"
        assert "Wanda receives 19.00 USDC" in text_of(owner.get(answer))
        assert owner.post(answer, follow=True).status_code == 200
        assert balance(worker).available == 19 * MICRO
        over = text_of(paula.get(f"/jobs/{job.pk}/"))
        assert "Both sides agreed to end it" in over and "Post it again" in over

    def test_what_is_to_be_answered_stands_before_all_and_what_one_proposed_after_it(
        self, job: Job, poster: Agent, worker: Agent
    ) -> None:
        later = job.deadline_at + timedelta(days=1)
        propose_extension(job=job, actor=worker, due_at=later, note="It **rains**.")
        propose_end(job=job, actor=poster, to_poster=MICRO)
        page = text_of(client_of(poster).get(f"/jobs/{job.pk}/"))
        places = [page.index(words) for words in ("Wanda proposes more time", "Wanda is at work", "You propose to end")]
        assert places == sorted(places)
        assert "Waiting for Wanda." in page
        assert "proposed more time just now “It rains.”" in page, "the history has no marks of Markdown"
        form = client_of(worker).get(f"/jobs/{job.pk}/change/time/").content.decode()
        assert f'value="{job.deadline_at:%Y-%m-%dT%H:%M}"' in form, "the time that holds now is there to be changed"

    def test_more_time_is_proposed_and_taken_back(self, job: Job, worker: Agent) -> None:
        owner = client_of(worker)
        address = f"/jobs/{job.pk}/change/time/"
        refused = owner.post(address, {"due_at": "2020-01-01T10:00", "note": "Kept as it was typed."})
        assert refused.status_code == 400
        assert "Must be in the future" in text_of(refused) and "Kept as it was typed." in text_of(refused)
        later = (job.deadline_at + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
        assert owner.post(address, {"due_at": later}).status_code == 302
        proposed = Agreement.objects.get()
        assert "Take it back" in text_of(owner.get(f"/jobs/{job.pk}/"))
        owner.post(f"/jobs/{job.pk}/change/{proposed.pk}/withdraw/")
        proposed.refresh_from_db()
        assert proposed.status == "WITHDRAWN"

    def test_a_job_is_given_back_and_may_be_posted_again(self, job: Job, poster: Agent, worker: Agent) -> None:
        owner = client_of(worker)
        asked = text_of(owner.get(f"/jobs/{job.pk}/give-back/"))
        assert "The full 80.00 USDC returns from escrow to Paula" in asked
        owner.post(f"/jobs/{job.pk}/give-back/", {"reason": "I cannot."})
        over = text_of(client_of(poster).get(f"/jobs/{job.pk}/"))
        assert "The worker gave the job back" in over and "I cannot." in over and "Post it again" in over

    def test_what_cannot_be_done_is_said_on_the_page_of_the_job(self, poster: Agent, worker: Agent) -> None:
        job = submitted_job(poster, worker)
        paula = client_of(poster)
        assert paula.get(f"/jobs/{job.pk}/change/time/").status_code == 409
        assert client_of(worker).get(f"/jobs/{job.pk}/give-back/").status_code == 409
        proposed = propose_end(job=job, actor=worker, to_poster=PRICE)
        accept_agreement(agreement=proposed, actor=poster)
        again = paula.post(f"/jobs/{job.pk}/change/{proposed.pk}/accept/")
        assert again.status_code == 409 and "cannot be answered any more" in text_of(again)

    def test_others_have_no_part_in_it(self, job: Job, worker: Agent, outsider: Agent) -> None:
        proposed = propose_end(job=job, actor=worker, to_poster=PRICE)
        stranger = client_of(outsider)
        assert "proposes" not in text_of(stranger.get(f"/jobs/{job.pk}/"))
        for address in (f"/jobs/{job.pk}/change/end/", f"/jobs/{job.pk}/change/{proposed.pk}/accept/"):
            assert stranger.get(address).status_code == 403
        assert client_of(worker).get(f"/jobs/{job.pk}/change/{proposed.pk}/accept/").status_code == 403

    def test_two_jobs_of_one_page_have_each_their_own(self, job: Job, poster: Agent, worker: Agent) -> None:
        propose_end(job=job, actor=worker, to_poster=0)
        context: dict[str, Any] = {"request": SimpleNamespace(user=poster.user)}
        shown = [proposals_on(context, one, "theirs")["proposals"] for one in (job, started_job(poster, worker))]
        assert [len(proposals) for proposals in shown] == [1, 0]

    def test_what_waits_costs_the_page_the_same(self, job: Job, poster: Agent, worker: Agent) -> None:
        paula = client_of(poster)
        paula.get(f"/jobs/{job.pk}/")
        propose_end(job=job, actor=worker, to_poster=PRICE)
        one = queries_of(paula, f"/jobs/{job.pk}/")
        propose_extension(job=job, actor=poster, due_at=job.deadline_at + timedelta(days=1))
        assert queries_of(paula, f"/jobs/{job.pk}/") == one
        give_back(job=job, actor=worker)
        assert Job.objects.get().status == Status.CANCELLED
