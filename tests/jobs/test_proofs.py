"""Only what we hashed ourselves proves anything, and nobody is held up for ever (SURVIVE M5, M6)."""

import hashlib
from typing import Any

import pytest
from django.db.models.functions import Now

from agents.files.models import StoredFile
from agents.models import Agent
from disputes.offers import accept_offer, make_offer
from disputes.services import close_dispute, open_dispute
from jobs import services as jobs
from jobs.lifecycle import Status
from jobs.models import Job, Submission
from jobs.proofs import WORTH_COMPARING
from jobs.rules import WrongStatus, available_actions
from jobs.services import NoRevisionsLeft
from jobs.tasks import approve_due_reviews
from marketplace.errors import Invalid
from marketplace.events.models import Event
from tests.agents.files.uploads import kept
from tests.factories import FUNDS, OUTPUT, PRICE, make_agent, started_job, submitted_job
from tests.fixtures import api_for
from wallets.queries import balance, escrow_balance

pytestmark = pytest.mark.django_db
# As docs/api.md says it: names in order, no spaces.
HASH = hashlib.sha256(b'{"text":"done"}').hexdigest()
OTHER_HASH = hashlib.sha256(b"other bytes").hexdigest()
LONG = {"text": "A whole report. " * 20}


def text_file(actor: Agent, text: str = "A whole report. " * 20) -> StoredFile:
    return kept(actor, "report.txt", text.encode())


def hand_in(poster: Agent, worker: Agent, output: dict[str, Any] = OUTPUT, **more: Any) -> Submission:
    job = jobs.submit_output(job=started_job(poster, worker), actor=worker, output_data=output, **more)
    return job.submissions.select_related("job").get()


def has_clock(submission: Submission) -> bool:
    return submission.job.auto_approve_at is not None


@pytest.mark.parametrize(
    ("output", "claim", "proof", "clock"),
    [
        (OUTPUT, "", "NONE", True),
        (OUTPUT, HASH, "MATCHES", True),
        (OUTPUT, f"sha256:{HASH.upper()}", "MATCHES", True),
        (OUTPUT, f"0x{HASH}", "MATCHES", True),
        (OUTPUT, OTHER_HASH, "MISMATCH", False),
        (OUTPUT, f"sha256:{OTHER_HASH}", "MISMATCH", False),
        # Nobody can check what is no SHA-256, or what lies elsewhere.
        (OUTPUT, "abc", "UNVERIFIED", True),
        (OUTPUT, "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi", "UNVERIFIED", True),
        ({"proofUrl": "https://example.org/work.pdf"}, "", "UNVERIFIED", True),
        ({"artifacts": [{"url": "ipfs://bafybei"}, "  https://example.org "]}, "", "UNVERIFIED", True),
        ({"text": "See https://example.org/work.pdf"}, "", "NONE", True),
    ],
)
def test_a_claim_is_held_against_what_was_handed_in(poster, worker, output, claim, proof, clock) -> None:
    """M5: hash of other bytes; a proof that is a link alone."""
    submission = hand_in(poster, worker, output, proof_hash=claim)
    assert (submission.proof, has_clock(submission)) == (proof, clock)
    told = Event.objects.get(type="job.submitted").data
    assert (told["proof"], told["autoApproveAt"] is not None) == (proof, clock)


def test_the_hash_of_a_file_is_a_proof(poster, worker) -> None:
    """M5: we hash the bytes that we keep."""
    file = text_file(worker)
    submission = hand_in(poster, worker, {"note": "As a file."}, files=[file.pk], proof_hash=file.sha256)
    assert submission.proof == "MATCHES"


def test_the_work_of_another_job_is_recorded_and_starts_no_clock(poster, worker) -> None:
    """M5: whoever handed it in, as output or as a file."""
    assert hand_in(poster, worker, LONG).proof == "NONE"
    rival = make_agent(name="Rival")
    assert hand_in(poster, rival, LONG).proof == "REUSED"
    assert hand_in(poster, worker, {"a": 1}, files=[text_file(worker).pk]).proof == "NONE"
    stolen = hand_in(poster, rival, {"b": 2}, files=[text_file(rival).pk])
    assert (stolen.proof, has_clock(stolen)) == ("REUSED", False)
    # Its right hash makes it no better.
    again = hand_in(poster, rival, {"c": 3}, files=[text_file(rival).pk], proof_hash=text_file(rival).sha256)
    assert again.proof == "REUSED"


def test_short_answers_may_be_the_same_and_so_may_versions_of_one_job(poster, worker) -> None:
    assert hand_in(poster, worker).proof == hand_in(poster, make_agent()).proof == "NONE"
    assert hand_in(poster, worker, {"text": "x" * (WORTH_COMPARING - 20)}).proof == "NONE"
    job = hand_in(poster, worker, LONG).job
    jobs.reject_submission(job=job, actor=poster, reason="Look at page two.")
    jobs.submit_output(job=job, actor=worker, output_data=LONG)
    assert set(job.submissions.values_list("proof", flat=True)) == {"NONE"}


def test_silence_does_not_pay_for_doubtful_work_and_the_worker_has_a_way_out(poster, worker) -> None:
    """M5, M6: the poster may approve it; the worker hands in better proof, or opens a dispute."""
    job = hand_in(poster, worker, proof_hash=OTHER_HASH).job
    Job.objects.filter(pk=job.pk).update(submitted_at=Now())
    assert approve_due_reviews() == 0
    assert "approve" in available_actions(job, poster)
    dispute = open_dispute(job=job, actor=worker, reason="The poster does not answer.", category="NO_ANSWER")
    job = close_dispute(dispute=dispute, actor=worker).job
    assert (job.status, job.auto_approve_at) == (Status.IN_REVIEW, None)
    assert approve_due_reviews() == 0
    jobs.reject_submission(job=job, actor=poster, reason="The hash is wrong.")
    job = jobs.submit_output(job=job, actor=worker, output_data=OUTPUT, proof_hash=HASH)
    assert (job.is_proof_doubted, job.auto_approve_at is not None) == (False, True)
    assert jobs.approve_job(job=job, actor=poster).status == Status.COMPLETED


def test_what_a_proof_is_worth_is_said_to_programs_and_people(poster, worker, client) -> None:
    """M5"""
    job = hand_in(poster, worker, proof_hash=OTHER_HASH).job
    data = api_for(worker).get(f"/jobs/{job.pk}").json()["data"]
    assert (data["submission"]["proof"], data["autoApproveAt"]) == ("MISMATCH", None)
    client.force_login(poster.user)
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert "The hash is of something else" in page
    assert "nothing happens by itself" in page


@pytest.mark.parametrize(
    "output",
    [{}, {"text": ""}, {"text": " \n\t "}, {"text": None}, {"pages": []}, {"pages": [{"text": ""}, {}], "more": None}],
)
def test_nothing_handed_in_starts_no_clock(poster, worker, output) -> None:
    """M6: worker submits empty just to start the clock."""
    job = started_job(poster, worker)
    with pytest.raises(Invalid) as refusal:
        jobs.submit_output(job=job, actor=worker, output_data=output)
    assert [error.field for error in refusal.value.errors] == ["outputData"]
    job.refresh_from_db()
    assert (job.status, job.auto_approve_at) == (Status.IN_PROGRESS, None)


@pytest.mark.parametrize("output", [{"found": False}, {"count": 0}, {"text": "."}])
def test_a_small_answer_is_an_answer(poster, worker, output) -> None:
    assert hand_in(poster, worker, output).job.status == Status.IN_REVIEW


def test_changes_are_not_asked_for_without_end(poster, worker, settings) -> None:
    """M6: also where the Terms name no number."""
    settings.MOST_REVISIONS = 2
    job = submitted_job(poster, worker, terms={"revisions_allowed": None})
    for _ in range(2):
        jobs.reject_submission(job=job, actor=poster, reason="Once more.")
        jobs.submit_output(job=job, actor=worker, output_data=OUTPUT)
    with pytest.raises(NoRevisionsLeft):
        jobs.reject_submission(job=job, actor=poster, reason="Once more.")


@pytest.mark.parametrize("made", [started_job, submitted_job])
def test_begun_work_is_called_off_by_both_or_by_a_dispute(poster, worker, made) -> None:
    """M6: the money is in escrow until the other side agrees or somebody else rules."""
    job = made(poster, worker)
    for actor in (poster, worker):
        with pytest.raises(Exception, match="cancel") as refusal:
            jobs.cancel_job(job=job, actor=actor)
        assert isinstance(refusal.value, WrongStatus) == (actor == poster)
        assert "cancel" not in available_actions(job, actor)
    assert escrow_balance(job) == PRICE
    dispute = open_dispute(job=job, actor=poster, reason="I do not need it any more.")
    accept_offer(offer=make_offer(dispute=dispute, actor=poster, to_poster=PRICE), actor=worker)
    job.refresh_from_db()
    assert (job.status, balance(poster).available) == (Status.CANCELLED, FUNDS)
