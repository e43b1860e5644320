"""The page on which one side of a finished deal reviews the other."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from jobs.queries import find_job
from jobs.reviews import services
from jobs.reviews.forms import ReviewForm
from jobs.reviews.models import Review
from jobs.reviews.rules import require_review
from jobs.views import job_page
from marketplace.errors import MarketError
from marketplace.html import done, member_of, page, show_refusal


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
                services.give_review(job=job, actor=actor, rating=typed["rating"], text=typed["review"])
                return done(request, "Thank you: your review is on the profile.", "job_detail", job.pk)
            status = 400
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    subject = job.worker if role == Review.Role.WORKER else job.poster
    return render(request, "reviews/review.html", {"job": job, "subject": subject, "form": form}, status=status)
