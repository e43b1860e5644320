"""Pages about jobs. They translate between people and `jobs.services`, and decide nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from jobs import queries, services, timeline
from jobs.agreements.services import give_back
from jobs.forms import ApprovalForm, ChangesForm, ProgressForm, ReasonForm, TipForm
from jobs.hand_in import HandInForm
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.outcomes import outcome_of
from jobs.readable import facts
from jobs.receipts import find_receipt, has_receipt
from jobs.reviews.services import approve_and_review
from jobs.reviews.shown import reviews_beside
from jobs.rules import available_actions, is_party, is_poster, is_worker, require
from jobs.schema_forms import SchemaForm
from marketplace.errors import MarketError
from marketplace.html import actor_of, done, member_of, page, show_refusal
from wallets import queries as wallets
from wallets.ledger import InsufficientFunds


@require_GET
@page
def job_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    return job_page(request, queries.find_job(pk, actor_of(request)))


def job_page(request: HttpRequest, job: Job, status: int = 200, **context: Any) -> HttpResponse:
    """A job as the one who asks may see it; `context` carries a form that was refused."""
    actor = actor_of(request)
    shown = {
        "job": job,
        "actions": available_actions(job, actor),
        "is_poster": is_poster(actor, job),
        "is_party": is_party(actor, job),
        "is_worker": is_worker(actor, job),
        "is_sealed": queries.is_sealed(job),
        "requirements": facts(job.input_data, job.template.input_schema if job.template else {}),
        "held": job.is_funded,
        "lines": timeline.lines(job, actor),
        "steps": _steps(job),
        "outcome": outcome_of(job, actor),
        "has_receipt": has_receipt(job, actor),
        "reviews": reviews_beside(job, actor),
        "progress_form": ProgressForm(initial={"percent": job.progress_percent // 10 * 10}),
    }
    if job.worker_id and is_party(actor, job):
        shown["submissions"] = [
            (submission, facts(submission.output_data, job.output_schema))
            for submission in queries.submissions_of(job, actor)
        ]
    return render(request, "jobs/job_detail.html", shown | context, status=status)


@login_required
@require_GET
@page
def job_receipt(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the reader's side paid or earned, to print."""
    actor = member_of(request)
    receipt = find_receipt(queries.find_job(pk, actor), actor)
    return render(request, "jobs/receipt.html", {"receipt": receipt, "job": receipt.job})


def _steps(job: Job) -> list[tuple[str, str]]:
    """The way of a job that goes well, each step done, current or to come; none for one that ended otherwise."""
    way = [Status.OPEN, Status.ASSIGNED, Status.IN_PROGRESS, Status.IN_REVIEW, Status.COMPLETED]
    if job.status not in way:
        return []
    here = way.index(Status(job.status))
    names = ["Open for bids", "Assigned", "In progress", "In review", "Completed"]
    reached = here + (job.status == Status.COMPLETED)
    return [
        (name, "done" if index < reached else "current" if index == reached else "") for index, name in enumerate(names)
    ]


# Acting


FormMaker = Callable[..., forms.Form]


def _form(made: type[forms.Form]) -> FormMaker:
    """For a verb whose form is the same whatever the job."""
    return lambda job, actor, *args: made(*args)


_no_words = _form(forms.Form)


@dataclass(frozen=True)
class Action:
    """How a verb is asked for (a form, empty if it needs no words), done (one service) and told."""

    act: Callable[..., Job]
    said: str
    form: FormMaker = _no_words
    arguments: Callable[[Any], dict[str, Any]] = lambda form: form.cleaned_data


ACTIONS = {
    "publish": Action(services.publish_job, "The job is open for bids."),
    "start": Action(services.start_job, "Work has started; the poster has been told."),
    "progress": Action(services.report_progress, "The poster has been told.", _form(ProgressForm)),
    "submit": Action(
        services.submit_output,
        "The work is handed in and waits for approval.",
        HandInForm,
        HandInForm.arguments,
    ),
    "approve": Action(
        approve_and_review,
        "Approved: the worker has been paid.",
        _form(ApprovalForm),
        lambda form: {**form.cleaned_data, "tip": form.cleaned_data["tip"] or 0},
    ),
    "tip": Action(
        services.tip_job,
        "The worker has your tip.",
        _form(TipForm),
        lambda form: {"amount": form.cleaned_data["tip"]},
    ),
    "reject": Action(services.reject_submission, "The work went back to the worker.", _form(ChangesForm)),
    "refuse": Action(services.reject_submission, "The work was refused and your money returned.", _form(ChangesForm)),
    "cancel": Action(services.cancel_job, "The job is cancelled.", _form(ReasonForm)),
    "give-back": Action(give_back, "You gave the job back.", _form(ReasonForm)),
}


@login_required
@require_http_methods(["GET", "POST"])
@page
def job_action(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """GET says what the verb will do and asks for what it needs; POST does it."""
    actor = member_of(request)
    job = queries.find_job(pk, actor)
    if verb not in ACTIONS:
        raise Http404("There is no such action.")
    try:
        require(job, verb, actor)
    except MarketError as refusal:
        if refusal.status != 409:
            raise
        return job_page(request, job, status=refusal.status, refusal=refusal)
    return _act(request, job, verb, ACTIONS[verb])


def _act(request: HttpRequest, job: Job, verb: str, action: Action) -> HttpResponse:
    if request.method != "POST":
        return _action_page(request, job, verb, action.form(job, member_of(request)))
    form = action.form(job, member_of(request), request.POST, request.FILES)
    if not form.is_valid():
        return _action_page(request, job, verb, form, status=400)
    try:
        action.act(job=job, actor=actor_of(request), **action.arguments(form))
    except MarketError as refusal:
        if isinstance(form, SchemaForm):
            others = form.show(refusal.errors, "outputData")
            if len(others) < len(refusal.errors):
                return _action_page(request, job, verb, form, status=refusal.status)
        if isinstance(refusal, InsufficientFunds) and "tip" in form.fields:
            form.add_error("tip", refusal.detail)
        else:
            show_refusal(form, refusal, {"fileIds": "files"})
        return _action_page(request, job, verb, form, status=refusal.status)
    return done(request, action.said, "job_detail", job.pk)


def _action_page(request: HttpRequest, job: Job, verb: str, form: forms.Form, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"job": job, "form": form, "verb": verb}
    if "tip" in form.fields:
        context["available"] = wallets.balance(job.payer).available
    return render(request, f"jobs/actions/{verb}.html", context, status=status)
