"""Reviews of work that is disputed afterwards, inside its dispute window (FEATURES M8; SURVIVE M1)."""

from datetime import timedelta

from django.utils import timezone

from disputes.services import open_dispute, resolve_dispute
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.reviews.models import Review
from jobs.reviews.services import give_review
from jobs.reviews.tasks import reveal_due_reviews
from tests.factories import completed_job, make_person
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
