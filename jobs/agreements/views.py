"""Pages on which the sides of a job change their deal. They decide nothing: `jobs.agreements.services` do."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from jobs.agreements import queries, services
from jobs.agreements.forms import FIELDS, EndForm, ExtensionForm
from jobs.agreements.models import Agreement
from jobs.agreements.rules import require_answer, require_change
from jobs.models import Job
from jobs.queries import find_job
from jobs.shares import Division, divide
from jobs.views import job_page
from marketplace.errors import MarketError
from marketplace.html import done, member_of, page, show_refusal


@dataclass(frozen=True)
class Proposal:
    """A kind of change in an address: how it is asked for and proposed."""

    kind: Agreement.Kind
    act: Callable[..., Agreement]
    form: Callable[..., forms.Form]


PROPOSALS = {
    "time": Proposal(Agreement.Kind.EXTEND, services.propose_extension, ExtensionForm),
    "end": Proposal(Agreement.Kind.CANCEL, services.propose_end, EndForm),
}


@login_required
@require_http_methods(["GET", "POST"])
@page
def propose(request: HttpRequest, pk: UUID, kind: str) -> HttpResponse:
    """GET asks what is to change; POST proposes it, a division of the money once the sums were shown."""
    if kind not in PROPOSALS:
        raise Http404("There is no such change.")
    actor, proposal = member_of(request), PROPOSALS[kind]
    job = find_job(pk, actor)
    try:
        require_change(job, proposal.kind, actor)
    except MarketError as refusal:
        return _refused(request, job, refusal)
    if request.method != "POST":
        return _ask_for(request, job, kind, proposal.form(job))
    form = proposal.form(job, request.POST)
    if not form.is_valid():
        return _ask_for(request, job, kind, form, status=400)
    if isinstance(form, EndForm) and "confirmed" not in request.POST:
        share = None if "change" in request.POST else form.share()
        return _ask_for(request, job, kind, form, division=divide(job, share) if share is not None else None)
    try:
        proposal.act(job=job, actor=actor, **form.cleaned_data)
    except MarketError as refusal:
        show_refusal(form, refusal, FIELDS)
        return _ask_for(request, job, kind, form, status=refusal.status)
    return done(request, str(_("Proposed: it holds once the other side accepts.")), "job_detail", job.pk)


def _ask_for(
    request: HttpRequest, job: Job, kind: str, form: forms.Form, *, division: Division | None = None, status: int = 200
) -> HttpResponse:
    context = {"job": job, "kind": kind, "form": form, "division": division}
    return render(request, f"agreements/{kind}.html", context, status=status)


def _refused(request: HttpRequest, job: Job, refusal: MarketError) -> HttpResponse:
    """What cannot be done now is said on the page of the job; what is not theirs to do raises."""
    if refusal.status != 409:
        raise refusal
    return job_page(request, job, status=409, refusal=refusal)


ANSWERS: dict[str, tuple[Callable[..., Agreement], str | Promise]] = {
    "accept": (services.accept_agreement, _("Agreed.")),
    "decline": (services.decline_agreement, _("The proposal is declined; the deal stays as it is.")),
    "withdraw": (services.withdraw_agreement, _("The proposal is taken back.")),
}


@login_required
@require_http_methods(["GET", "POST"])
@page
def answer(request: HttpRequest, pk: UUID, agreement_pk: UUID, verb: str) -> HttpResponse:
    """GET says exactly what would change; POST accepts the proposal, declines it or takes it back."""
    if verb not in ANSWERS:
        raise Http404("There is no such answer.")
    act, said = ANSWERS[verb]
    actor = member_of(request)
    job = find_job(pk, actor)
    agreement = queries.find_agreement(agreement_pk, job, actor)
    require_answer(agreement, verb, actor)
    try:
        if request.method == "POST":
            act(agreement=agreement, actor=actor)
            return done(request, str(said), "job_detail", job.pk)
        require_change(job, agreement.kind, actor)
    except MarketError as refusal:
        return _refused(request, job, refusal)
    division = None if agreement.to_poster is None else divide(job, agreement.to_poster)
    context = {"job": job, "agreement": agreement, "division": division, "verb": verb, "form": forms.Form()}
    return render(request, "agreements/answer.html", context)
