"""The page on which one side of a finished deal reviews the other."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from jobs.queries import find_job
from jobs.reviews import queries, services
from jobs.reviews.forms import ReplyForm, ReviewForm
from jobs.reviews.models import Review
from jobs.reviews.rules import require_reply, require_review
from jobs.views import job_page
from marketplace.errors import MarketError
from marketplace.html import done, member_of, page, show_refusal

THANKS = gettext_lazy("Thank you: it can be read once the other side has reviewed too, or can no more.")
READ = gettext_lazy("Thank you: both reviews can be read now.")


@login_required
@require_http_methods(["GET", "POST"])
@page
def review(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = member_of(request)
    job = find_job(pk, actor)
    try:
        role = require_review(job, actor)
    except MarketError as refusal:
        if refusal.status != 409:
            raise
        return job_page(request, job, status=refusal.status, refusal=refusal)
    form = ReviewForm(request.POST or None)
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                typed = form.cleaned_data
                given = services.give_review(job=job, actor=actor, rating=typed["rating"], text=typed["review"])
                return done(request, str(THANKS if given.revealed_at is None else READ), "job_detail", job.pk)
            status = 400
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    subject = job.worker if role == Review.Role.WORKER else job.poster
    return render(request, "reviews/review.html", {"job": job, "subject": subject, "form": form}, status=status)


@login_required
@require_http_methods(["GET", "POST"])
@page
def reply(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The one who was reviewed answers."""
    actor = member_of(request)
    review = queries.find_review(pk, actor)
    try:
        require_reply(review, actor)
    except MarketError as refusal:
        if refusal.status != 409:
            raise
        return job_page(request, find_job(review.job_id, actor), status=refusal.status, refusal=refusal)
    form = ReplyForm(request.POST or None)
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                services.reply_to_review(review=review, actor=actor, text=form.cleaned_data["reply"])
                return done(request, _("Your answer stands below the review."), "job_detail", review.job_id)
            status = 400
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    return render(request, "reviews/reply.html", {"job": review.job, "review": review, "form": form}, status=status)
