"""The page where a party says that something is wrong. Operators rule in the admin."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from disputes import services
from disputes.forms import DisputeForm
from jobs.queries import find_job
from jobs.rules import require
from marketplace.errors import MarketError
from marketplace.html import done, member_of, page, show_refusal


@login_required
@require_http_methods(["GET", "POST"])
@page
def dispute_open(request: HttpRequest, job_pk: UUID) -> HttpResponse:
    """GET says what a dispute does; POST opens one."""
    actor = member_of(request)
    job = find_job(job_pk, actor)
    require(job, "dispute", actor)
    form = DisputeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        try:
            if form.is_valid():
                services.open_dispute(job=job, actor=actor, reason=form.cleaned_data["reason"])
                return done(
                    request,
                    _("The money is frozen. Try to agree; a mediator joins if you do not."),
                    "job_detail",
                    job.pk,
                )
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    return render(request, "disputes/open.html", {"job": job, "form": form}, status=status)
