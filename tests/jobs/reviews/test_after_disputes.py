"""Reviews of work that is disputed afterwards, inside its dispute window (FEATURES M8; SURVIVE M1)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from disputes.offers import accept_offer
from disputes.services import open_dispute, resolve_dispute
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.reviews.models import Review
from jobs.reviews.services import give_review
from jobs.reviews.tasks import reveal_due_reviews
from tests.factories import completed_job, make_person, submitted_job
from tests.fixtures import api_for
from tests.pages import client_of, text_of
from wallets.audit.services import audit_books

WITH_WINDOW = {"dispute_window_seconds": 3600}


def test_the_books_stay_sound_when_reviewed_work_is_disputed_and_paid_back(poster, worker, settings):
    """A review was true when it was written, however the dispute ends."""
    job = completed_job(poster, worker, terms=WITH_WINDOW)
    give_review(job=job, actor=poster, rating=5, text="Fine.")
    dispute = open_dispute(job=job, actor=poster, reason="Not what was agreed.")
    assert audit_books(record=False).findings == []
    operator = make_person("Ollie")
    operator.user.is_staff = True
    operator.user.save()
    resolve_dispute(dispute=dispute, actor=operator, to_poster=job.price, note="Nothing was done.")
    job.refresh_from_db()
    assert job.status == Status.CANCELLED
    assert audit_books(record=False).findings == []
    Job.objects.filter(pk=job.pk).update(cancelled_at=timezone.now() - timedelta(days=settings.REVIEW_DAYS))
    assert reveal_due_reviews() == 1
    assert Review.objects.get().revealed_at is not None


@pytest.fixture
def paid_back(poster, worker) -> Job:
    """A job whose sides agreed in a dispute that all of the price goes back."""
    job = submitted_job(poster, worker)
    dispute = open_dispute(job=job, actor=poster, reason="Not what was agreed.", asked_to_poster=job.price)
    accept_offer(offer=dispute.offers.get(), actor=worker)
    job.refresh_from_db()
    assert (job.status, job.completed_at) == (Status.CANCELLED, None)
    return job


def test_both_sides_review_each_other_after_a_refund(poster, worker, paid_back):
    """PEOPLE: cancelling erases no review; the outcome stays on record."""
    for member, other, rating in ((poster, worker, 2), (worker, poster, 4)):
        page = text_of(client_of(member).get(f"/jobs/{paid_back.pk}/"))
        assert f"How was it with {other.name}?" in page and "Write a review" in page
        typed = {"rating": rating, "review": "As it was."}
        assert client_of(member).post(f"/jobs/{paid_back.pk}/review/", typed).status_code == 302
    page = text_of(client_of(poster).get(f"/jobs/{paid_back.pk}/"))
    assert page.count("As it was.") == 2 and "Write a review" not in page
    assert audit_books(record=False).findings == []


def test_the_period_counts_from_the_end(poster, paid_back, problem, settings):
    long_ago = timezone.now() - timedelta(days=settings.REVIEW_DAYS, minutes=1)
    Job.objects.filter(pk=paid_back.pk).update(cancelled_at=long_ago)
    answer = api_for(poster).post(f"/jobs/{paid_back.pk}/reviews", {"rating": 1})
    assert problem(answer) == (409, "REVIEW_PERIOD_OVER", [])
    assert "Write a review" not in text_of(client_of(poster).get(f"/jobs/{paid_back.pk}/"))


def test_the_first_page_asks_for_it_until_it_is_written_or_can_be_no_more(poster, settings):
    worker = make_person("Rob")
    job = completed_job(poster, worker, title="Well done")
    assert "Needs you now How was it? Well done" in text_of(client_of(poster).get("/"))
    assert "How was it? for Paula Well done" in text_of(client_of(worker).get("/"))
    give_review(job=job, actor=poster, rating=5)
    assert "How was it?" not in text_of(client_of(poster).get("/"))
    assert "How was it?" in text_of(client_of(worker).get("/"))
    Job.objects.filter(pk=job.pk).update(completed_at=timezone.now() - timedelta(days=settings.REVIEW_DAYS, minutes=1))
    assert "How was it?" not in text_of(client_of(worker).get("/"))
