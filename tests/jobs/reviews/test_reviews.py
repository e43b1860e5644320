"""Reviews: tied to a deal, once for each side, within a period (FEATURES M8, F7, S12; SURVIVE M1)."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from jobs.lifecycle import Status
from jobs.models import Job
from jobs.reviews.models import Reply, Review
from jobs.reviews.services import approve_and_review, give_review, reply_to_review, reveal_reviews
from jobs.reviews.tasks import reveal_due_reviews
from marketplace.errors import Invalid
from marketplace.events.models import Event
from marketplace.events.types import sentence
from tests.factories import completed_job, job_in, make_agent, make_person, submitted_job
from tests.fixtures import api_for, count_queries
from tests.pages import client_of
from tests.racing import losers, race


def test_the_poster_reviews_when_approving(poster, worker, poster_api, worker_api):
    """S12: rating, words and tip in one call; the worker is told when it can be read."""
    job = submitted_job(poster, worker)
    body = {"rating": 4, "review": "Quick\u200b and clear.", "tipUsdc": "2"}
    answer = poster_api.patch(f"/jobs/{job.pk}/approve", body)
    assert (answer.status_code, answer.json()["data"]["tipUsdc"]) == (200, "2.00")
    reveal_reviews(job=job)
    [review] = worker_api.get(f"/jobs/{job.pk}/reviews").json()["data"]
    assert (review["rating"], review["review"], review["role"]) == (4, "Quick and clear.", "WORKER")
    assert (review["agentId"], review["reviewer"]["id"]) == (worker.handle, poster.handle)
    told = Event.objects.get(type="review.received")
    assert (told.audience, told.data["rating"]) == ([worker.pk], 4)
    assert sentence(told) == f"{poster.name} gave 4 of 5 stars for “{job.title}”"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rating": 0}, "rating"),
        ({"rating": 6}, "rating"),
        ({"rating": 4.5}, "rating"),
        ({"rating": "5"}, "rating"),
        ({"review": "Words alone."}, "rating"),
        ({"rating": 5, "review": "x" * 2001}, "review"),
    ],
)
def test_a_review_that_makes_no_sense_approves_nothing(poster, worker, poster_api, problem, body, field):
    job = submitted_job(poster, worker)
    assert problem(poster_api.patch(f"/jobs/{job.pk}/approve", body)) == (400, "VALIDATION_FAILED", [field])
    job.refresh_from_db()
    assert job.status == Status.IN_REVIEW


@pytest.mark.parametrize("name", ["review", "text", "comment"])
def test_words_with_the_approval_have_the_names_that_a_review_has(poster, worker, poster_api, name):
    job = submitted_job(poster, worker)
    assert poster_api.patch(f"/jobs/{job.pk}/approve", {"rating": 5, name: "Fine."}).status_code == 200
    assert Review.objects.get(job=job).text == "Fine."


def test_each_side_reviews_the_other_once(poster, worker, poster_api, worker_api, anonymous_api, problem):
    job = completed_job(poster, worker)
    for api, rating in ((poster_api, 5), (worker_api, 3)):
        assert api.post(f"/jobs/{job.pk}/reviews", {"rating": rating, "text": "Fine."}).status_code == 201
        again = api.post(f"/jobs/{job.pk}/reviews", {"rating": 1})
        assert problem(again) == (409, "ALREADY_REVIEWED", [])
    assert [review["rating"] for review in anonymous_api.get(f"/agents/{worker.handle}/reviews").json()["data"]] == [5]
    [of_poster] = anonymous_api.get(f"/agents/{poster.handle}/reviews").json()["data"]
    assert (of_poster["role"], of_poster["rating"], of_poster["jobTitle"]) == ("POSTER", 3, job.title)
    assert len(poster_api.get(f"/jobs/{job.pk}/reviews").json()["data"]) == 2


def test_the_owner_reviews_for_its_agent(worker):
    owner = make_person(funds=1)
    hirer = make_agent(owner, funds=100_000_000)
    review = give_review(job=completed_job(hirer, worker), actor=owner, rating=5)
    assert (review.reviewer, review.subject) == (hirer, worker)


@pytest.mark.parametrize("status", [status for status in Status if status not in (Status.COMPLETED, Status.DRAFT)])
def test_only_a_settled_job_is_reviewed(poster, worker, poster_api, problem, status):
    """M1"""
    job = job_in(status, poster, worker)
    assert problem(poster_api.post(f"/jobs/{job.pk}/reviews", {"rating": 5})) == (409, "NOT_REVIEWABLE", [])


def test_a_deal_without_escrow_is_not_reviewed_and_the_approval_says_so(poster, worker, poster_api, problem):
    """M1: only settled escrow; without the stars it is approved."""
    job = submitted_job(poster, worker, terms={"fund_on": "never"})
    assert problem(poster_api.patch(f"/jobs/{job.pk}/approve", {"rating": 5})) == (409, "NOT_REVIEWABLE", [])
    assert poster_api.patch(f"/jobs/{job.pk}/approve").status_code == 200
    assert problem(poster_api.post(f"/jobs/{job.pk}/reviews", {"rating": 5})) == (409, "NOT_REVIEWABLE", [])


def test_outsiders_review_nothing(poster, worker, outsider_api, problem):
    job = completed_job(poster, worker)
    assert problem(outsider_api.post(f"/jobs/{job.pk}/reviews", {"rating": 1})) == (403, "FORBIDDEN", [])


def test_the_period_ends(poster, worker, poster_api, problem, settings):
    job = completed_job(poster, worker)
    Job.objects.filter(pk=job.pk).update(completed_at=timezone.now() - timedelta(days=settings.REVIEW_DAYS, minutes=1))
    assert problem(poster_api.post(f"/jobs/{job.pk}/reviews", {"rating": 5})) == (409, "REVIEW_PERIOD_OVER", [])


def test_the_service_checks_the_stars_whoever_calls(poster, worker):
    job = submitted_job(poster, worker)
    with pytest.raises(Invalid, match="rating"):
        approve_and_review(job=job, actor=poster, rating=6)
    with pytest.raises(Invalid, match="review"):
        approve_and_review(job=job, actor=poster, rating=5, review="x" * 2001)


def test_the_database_keeps_a_review_as_it_is(poster, worker):
    review = give_review(job=completed_job(poster, worker), actor=poster, rating=2)
    rows = Review.objects.filter(pk=review.pk)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        rows.update(rating=5)
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        rows.delete()
    reveal_reviews(job=review.job)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        rows.update(revealed_at=None)
    twin = {"job": review.job, "role": "POSTER"}
    for fields in (
        {"reviewer": worker, "subject": poster, "rating": 6, **twin},
        {"reviewer": worker, "subject": worker, "rating": 5, **twin},
        {"reviewer": poster, "subject": worker, "rating": 5, **twin, "role": "WORKER"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Review.objects.create(**fields)


@pytest.mark.django_db(transaction=True)
def test_of_many_reviews_at_once_one_stands(poster, worker):
    job = completed_job(poster, worker)
    outcomes = race([lambda: give_review(job=job, actor=poster, rating=5)] * 8)
    assert len(losers(outcomes)) == 7
    assert Review.objects.count() == 1


def test_lists_cost_the_same_for_one_and_for_three(poster, anonymous_api):
    costs = []
    for count in (1, 3):
        agent = make_agent()
        for _ in range(count):
            review = give_review(job=completed_job(poster, agent), actor=poster, rating=5)
            reveal_reviews(job=review.job)
            reply_to_review(review=review, actor=agent, text="Thank you.")
        costs.append(count_queries(anonymous_api, f"/agents/{agent.handle}/reviews"))
    assert costs[0] == costs[1]


# Blind until both have written, or the time is up (PEOPLE: review both ways, blind until both in or time out)


def test_a_review_is_read_by_its_writer_alone_until_both_are_in(
    poster, worker, poster_api, worker_api, outsider_api, anonymous_api
):
    job = completed_job(poster, worker)
    given = poster_api.post(f"/jobs/{job.pk}/reviews", {"rating": 2, "review": "Late."}).json()["data"]
    readers = {"writer": poster_api, "other": worker_api, "outsider": outsider_api, "anyone": anonymous_api}

    def seen_by(name: str) -> list[int]:
        """How many reviews that reader finds: of the worker, and by the address of the one."""
        listed = readers[name].get(f"/agents/{worker.handle}/reviews").json()["data"]
        return [len(listed), readers[name].get(f"/reviews/{given['id']}").status_code]

    assert given["revealedAt"] is None
    assert {name: seen_by(name) for name in readers} == {name: [0, 404] for name in readers} | {"writer": [1, 200]}
    assert worker_api.get(f"/jobs/{job.pk}/reviews").json()["data"] == []
    assert "Late." not in client_of(worker).get(f"/jobs/{job.pk}/").content.decode()
    assert "Only you can read this yet" in client_of(poster).get(f"/jobs/{job.pk}/").content.decode()

    assert worker_api.post(f"/jobs/{job.pk}/reviews", {"rating": 4}).json()["data"]["revealedAt"]

    assert {name: seen_by(name) for name in readers} == {name: [1, 200] for name in readers}
    assert len(worker_api.get(f"/jobs/{job.pk}/reviews").json()["data"]) == 2


def test_the_first_review_is_told_without_stars_and_both_when_they_are_read(poster, worker, poster_api, worker_api):
    job = completed_job(poster, worker)
    poster_api.post(f"/jobs/{job.pk}/reviews", {"rating": 2, "review": "Late."})

    [written] = Event.objects.filter(type__startswith="review.")
    assert (written.type, written.audience) == ("review.written", [worker.pk])
    assert not {"rating", "review"} & set(written.data)
    assert b"Late." not in bytes(written.body)

    worker_api.post(f"/jobs/{job.pk}/reviews", {"rating": 4})

    received = Event.objects.filter(type="review.received").order_by("id")
    assert [(event.audience, event.data["rating"]) for event in received] == [([worker.pk], 2), ([poster.pk], 4)]


def test_when_the_time_is_up_what_was_said_is_read(poster, worker, anonymous_api, settings):
    job, other = completed_job(poster, worker), completed_job(poster, worker)
    for one in (job, other):
        give_review(job=one, actor=poster, rating=2)
    long_ago = timezone.now() - timedelta(days=settings.REVIEW_DAYS, minutes=1)
    Job.objects.filter(pk=job.pk).update(completed_at=long_ago)

    assert (reveal_due_reviews(), reveal_due_reviews()) == (1, 0)

    [review] = anonymous_api.get(f"/agents/{worker.handle}/reviews").json()["data"]
    assert (review["jobId"], review["rating"]) == (str(job.pk), 2)
    assert Event.objects.filter(type="review.received").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_sides_that_write_at_once_none_reads_the_other_first(poster, worker):
    """Nor when the clock comes between them: who could read what the other wrote writes no more."""
    for _ in range(5):
        job = completed_job(poster, worker)
        race(
            [
                lambda job=job: give_review(job=job, actor=poster, rating=5),
                lambda job=job: give_review(job=job, actor=worker, rating=1),
                lambda job=job: reveal_reviews(job=job),
            ]
        )
        assert not job.reviews.filter(revealed_at=None).exists()
        assert Event.objects.filter(type="review.received", job=job).count() == job.reviews.count() > 0


# One answer


def test_the_reviewed_one_answers_once_and_everybody_reads_it(poster, worker, worker_api, anonymous_api, problem):
    job = completed_job(poster, worker)
    review = give_review(job=job, actor=poster, rating=2, text="Late.")
    address = f"/reviews/{review.pk}/reply"
    assert problem(worker_api.post(address, {"reply": "Sorry."})) == (404, "NOT_FOUND", [])
    reveal_reviews(job=job)

    assert problem(worker_api.post(address, {"reply": " "})) == (400, "VALIDATION_FAILED", ["reply"])
    assert worker_api.post(address, {"reply": "Sorry."}).status_code == 201
    assert problem(worker_api.post(address, {"reply": "Again."})) == (409, "ALREADY_REPLIED", [])
    assert problem(api_for(poster).post(address, {"reply": "Mine."})) == (403, "FORBIDDEN", [])

    [read] = anonymous_api.get(f"/agents/{worker.handle}/reviews").json()["data"]
    assert read["reply"]["text"] == "Sorry."
    told = Event.objects.get(type="review.replied")
    assert (told.audience, told.data["reply"]) == ([poster.pk], "Sorry.")
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        Reply.objects.update(text="Changed.")


def test_an_answer_is_given_on_a_page(poster, worker):
    job = completed_job(poster, worker)
    review = give_review(job=job, actor=poster, rating=2, text="Late.")
    reveal_reviews(job=job)
    address = f"/reviews/{review.pk}/reply/"
    browser = client_of(worker)

    assert address in browser.get(f"/jobs/{job.pk}/").content.decode()
    assert address not in client_of(poster).get(f"/jobs/{job.pk}/").content.decode()
    assert browser.post(address, {"reply": ""}).status_code == 400
    assert "Late." in browser.get(address).content.decode()
    said = browser.post(address, {"reply": "<b>Sorry</b>"}, follow=True).content.decode()
    assert "&lt;b&gt;Sorry&lt;/b&gt;" in said
    assert address not in said
    assert browser.post(address, {"reply": "Again"}).status_code == 409
    assert client_of(poster).get(address).status_code == 403


# Pages


@pytest.fixture
def browser(poster) -> Client:
    client = Client()
    client.force_login(poster.user)
    return client


def test_stars_and_words_are_given_where_the_work_is_approved(poster, worker, browser):
    job = submitted_job(poster, worker)
    page = browser.get(f"/jobs/{job.pk}/approve/").content.decode()
    assert all(f'name="{name}"' in page for name in ("tip", "rating", "review"))
    refused = browser.post(f"/jobs/{job.pk}/approve/", {"review": "Words alone."})
    assert refused.status_code == 400
    assert "Give 1 to 5 stars with the review." in refused.content.decode()
    said = browser.post(f"/jobs/{job.pk}/approve/", {"rating": "5", "review": "<b>Lovely</b>"}, follow=True)
    assert "&lt;b&gt;Lovely&lt;/b&gt;" in said.content.decode()
    reveal_reviews(job=job)
    profile = Client().get(f"/agents/{worker.handle}/").content.decode()
    assert "&lt;b&gt;Lovely&lt;/b&gt;" in profile
    assert "5 of 5 stars" in profile


def test_approving_without_stars_stays_one_press(poster, worker, browser):
    job = submitted_job(poster, worker)
    assert browser.post(f"/jobs/{job.pk}/approve/", {"tip": "", "rating": "", "review": ""}).status_code == 302
    assert not Review.objects.exists()


def test_a_review_can_be_written_afterwards(poster, worker, browser):
    job = completed_job(poster, worker)
    address = f"/jobs/{job.pk}/review/"
    assert address in browser.get(f"/jobs/{job.pk}/").content.decode()
    assert browser.post(address, {"rating": "", "review": "x"}).status_code == 400
    assert browser.post(address, {"rating": "3", "review": ""}).status_code == 302
    assert browser.get(address).status_code == browser.post(address, {"rating": "3"}).status_code == 409
    assert address not in browser.get(f"/jobs/{job.pk}/").content.decode()
    stranger = Client()
    stranger.force_login(make_person().user)
    assert stranger.get(address).status_code == 403
    assert address not in Client().get(f"/jobs/{job.pk}/").content.decode()


def test_a_suspended_side_reviews_nothing(poster, worker, problem):
    job = completed_job(poster, worker)
    api = api_for(worker)
    type(worker).objects.filter(pk=worker.pk).update(status="SUSPENDED")
    assert api.post(f"/jobs/{job.pk}/reviews", {"rating": 5}).status_code in (401, 403)
    assert not Review.objects.exists()
