"""Pages of disputes, for both sides, mediators and operators who rule. They decide nothing: `disputes.services` do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from agents.models import Agent
from disputes import offers, queries, services
from disputes.appeals.queries import appeals_against, may_still_appeal
from disputes.appeals.rules import appealable_until
from disputes.case import Case, phase_seconds
from disputes.evidence import add_evidence, ask
from disputes.forms import (
    FIELDS,
    CloseForm,
    EvidenceForm,
    OfferForm,
    OpeningForm,
    QuestionForm,
    ResponseForm,
    RulingForm,
)
from disputes.models import Dispute, InformationRequest, Offer
from disputes.phases import NEXT_PHASE, Phase
from disputes.rules import require, require_role, side_of
from jobs.forms import ShareFields
from jobs.queries import find_job
from jobs.readable import facts
from jobs.rules import require as require_of_job
from jobs.shares import divide
from marketplace.errors import MarketError
from marketplace.html import done, keyset_page, member_of, page, show_refusal


@login_required
@require_GET
@page
def dispute_list(request: HttpRequest) -> HttpResponse:
    """Those of the person and their agents, and those they mediate."""
    ended = request.GET.get("show") == "ended"
    rows = queries.my_list(member_of(request), ended=ended)
    shown = {"page": keyset_page(request, rows, *queries.NEWEST), "ended": ended}
    return render(request, "disputes/list.html", shown)


@login_required
@require_http_methods(["GET", "POST"])
@page
def dispute_open(request: HttpRequest, job_pk: UUID) -> HttpResponse:
    """GET asks what is wrong, what shows it and what is wanted; POST opens the dispute."""
    actor = member_of(request)
    job = find_job(job_pk, actor)
    require_of_job(job, "dispute", actor)
    form = OpeningForm(job, actor, request.POST or None, request.FILES or None, initial={"outcome": ""})
    status = 200
    if request.method == "POST":
        status = 400
        try:
            if form.is_valid():
                dispute = services.open_dispute(job=job, actor=actor, **form.arguments())
                return done(request, _("The money is frozen. Now try to agree."), "dispute_detail", dispute.pk)
        except MarketError as refusal:
            show_refusal(form, refusal, FIELDS)
            status = refusal.status
    return render(request, "disputes/open.html", {"job": job, "form": form}, status=status)


@login_required
@require_GET
@page
def dispute_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _case(request, queries.find_dispute(pk, member_of(request), queries.with_talk))


def _case(request: HttpRequest, dispute: Dispute, status: int = 200, **context: Any) -> HttpResponse:
    case = Case(dispute, member_of(request))
    shown = {"case": case, "dispute": dispute, "job": dispute.job, "actions": case.actions, **context}
    if not dispute.is_open:
        shown["appeals"] = appeals_against(dispute)
        shown["may_appeal"] = may_still_appeal(dispute, member_of(request))
        shown["appealable_until"] = appealable_until(dispute)
    return render(request, "disputes/case.html", shown, status=status)


@login_required
@require_GET
@page
def dispute_work(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was handed in and what the sides wrote to each other, for those who judge it."""
    dispute = queries.find_dispute(pk, member_of(request), queries.with_work)
    job = dispute.job
    submissions = [(one, facts(one.output_data, job.output_schema)) for one in job.submissions.all()]
    messages = queries.messages_of(dispute).order_by("created_at", "id")[:MOST_MESSAGES]
    shown = {"dispute": dispute, "job": job, "submissions": submissions, "messages": messages}
    return render(request, "disputes/work.html", shown)


# Acting


MOST_MESSAGES = 500
FormMaker = Callable[..., forms.Form]


@dataclass(frozen=True)
class Action:
    """How a verb is asked for (a form), done (one service) and told. Of one that names a division of the money the
    page first shows, to the micro-USDC, who would get what."""

    act: Callable[..., Any]
    said: str | Promise
    form: FormMaker
    arguments: Callable[[Any], dict[str, Any]] = lambda form: form.cleaned_data


def _plain(made: type[forms.Form]) -> FormMaker:
    return lambda dispute, actor, *args, **changes: made(*args, **changes)


def _offer(dispute: Dispute, actor: Agent, *args: Any) -> forms.Form:
    """Begins with what was offered last, to be changed."""
    form = OfferForm(dispute.job, *args)
    last = dispute.offers.filter(status=Offer.Status.PENDING).order_by("-created_at", "-id").first()
    if last is not None:
        form.begin_with(last.to_poster)
    return form


def _ruling(dispute: Dispute, actor: Agent, *args: Any) -> forms.Form:
    return RulingForm(dispute.job, *args)


def _evidence(dispute: Dispute, actor: Agent, *args: Any) -> forms.Form:
    asked_of = [side_of(actor, dispute), InformationRequest.Of.BOTH]
    questions = dispute.information_requests.filter(of__in=asked_of).order_by("created_at", "id")
    return EvidenceForm(list(questions), actor, *args)


OFFERED = Action(offers.make_offer, gettext_lazy("The offer is made; it stands until it is answered."), _offer)
ACTIONS = {
    "respond": Action(services.respond, gettext_lazy("Your answer is in."), _plain(ResponseForm)),
    "offer": OFFERED,
    "propose": OFFERED,
    "add-evidence": Action(
        add_evidence, gettext_lazy("It is kept with the dispute."), _evidence, lambda form: form.arguments()
    ),
    "ask": Action(ask, gettext_lazy("They have been asked."), _plain(QuestionForm)),
    "extend": Action(services.extend_phase, gettext_lazy("There is more time now."), _plain(forms.Form)),
    "escalate": Action(services.escalate, gettext_lazy("The dispute went on."), _plain(forms.Form)),
    "close": Action(services.close_dispute, gettext_lazy("The job is back where it was."), _plain(CloseForm)),
    "resolve": Action(services.resolve_dispute, gettext_lazy("Your ruling is recorded."), _ruling),
}


@login_required
@require_http_methods(["GET", "POST"])
@page
def dispute_action(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """GET says what the verb will do and asks for what it needs; POST does it."""
    actor = member_of(request)
    if verb not in ACTIONS:
        raise Http404("There is no such action.")
    dispute = queries.find_dispute(pk, actor, queries.with_people)
    require_role(dispute, actor)
    try:
        require(dispute, verb, actor)
    except MarketError as refusal:
        return _refused(request, dispute, refusal)
    return _act(request, dispute, verb, ACTIONS[verb])


def _refused(request: HttpRequest, dispute: Dispute, refusal: MarketError) -> HttpResponse:
    """What cannot be done now is said on the page of the case; what is not theirs to do raises."""
    if refusal.status != 409:
        raise refusal
    dispute = queries.find_dispute(dispute.pk, member_of(request), queries.with_talk)
    return _case(request, dispute, status=409, refusal=refusal)


def _act(request: HttpRequest, dispute: Dispute, verb: str, action: Action) -> HttpResponse:
    actor = member_of(request)
    if request.method != "POST":
        form = action.form(dispute, actor)
        form.initial["answers"] = request.GET.get("answers", "")
        return _ask_for(request, dispute, verb, form)
    form = action.form(dispute, actor, request.POST, request.FILES)
    if not form.is_valid():
        return _ask_for(request, dispute, verb, form, status=400)
    if isinstance(form, ShareFields) and "confirmed" not in request.POST:
        wants_check = "change" not in request.POST
        return _ask_for(request, dispute, verb, form, share=form.share() if wants_check else None)
    try:
        action.act(dispute=dispute, actor=actor, **action.arguments(form))
    except MarketError as refusal:
        show_refusal(form, refusal, FIELDS)
        return _ask_for(request, dispute, verb, form, status=refusal.status)
    return done(request, str(action.said), "dispute_detail", dispute.pk)


def _ask_for(
    request: HttpRequest, dispute: Dispute, verb: str, form: forms.Form, *, share: int | None = None, status: int = 200
) -> HttpResponse:
    next_phase = NEXT_PHASE.get(Phase(dispute.phase))
    context = {
        "dispute": dispute,
        "job": dispute.job,
        "verb": verb,
        "form": form,
        "division": divide(dispute.job, share) if share is not None else None,
        "next_phase": next_phase,
        "next_seconds": phase_seconds(dispute, next_phase) if next_phase else None,
        "phase_seconds": phase_seconds(dispute, Phase(dispute.phase)) if dispute.is_open else None,
    }
    return render(request, f"disputes/actions/{verb}.html", context, status=status)


REPLIES = {
    "accept": (offers.accept_offer, gettext_lazy("You agreed.")),
    "decline": (offers.decline_offer, gettext_lazy("The offer is declined.")),
}


@login_required
@require_http_methods(["GET", "POST"])
@page
def dispute_offer(request: HttpRequest, pk: UUID, offer_pk: UUID, verb: str) -> HttpResponse:
    """GET says to the micro-USDC who gets what; POST accepts the offer or declines it."""
    actor = member_of(request)
    if verb not in REPLIES:
        raise Http404("There is no such action.")
    act, said = REPLIES[verb]
    dispute = queries.find_dispute(pk, actor, queries.with_people)
    offer = queries.find_offer(offer_pk, dispute)
    try:
        require(dispute, verb, actor)
        if request.method == "POST":
            act(offer=offer, actor=actor)
            return done(request, str(said), "dispute_detail", dispute.pk)
    except MarketError as refusal:
        return _refused(request, dispute, refusal)
    division = divide(dispute.job, offer.to_poster)
    context = {"dispute": dispute, "job": dispute.job, "offer": offer, "division": division, "form": forms.Form()}
    return render(request, f"disputes/actions/{verb}.html", context)
