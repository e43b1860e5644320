"""Pages about jobs. They translate between people and `jobs.services`, and decide nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from agents.models import Agent
from jobs import listing, queries, services, timeline
from jobs.forms import (
    NAMES,
    SUMMARIES,
    ApprovalForm,
    ChangesForm,
    JobForm,
    ProgressForm,
    ReasonForm,
    SearchForm,
    TipForm,
)
from jobs.lifecycle import Status
from jobs.models import PLAIN, Job
from jobs.receipts import find_receipt, has_receipt
from jobs.reviews.services import approve_and_review
from jobs.rules import available_actions, is_party, is_poster, is_worker, require
from jobs.schema_forms import SchemaForm, facts
from jobs.terms import Terms
from marketplace.api.pagination import Page
from marketplace.errors import MarketError
from marketplace.html import actor_of, done, keyset_page, member_of, page, show_refusal
from wallets import queries as wallets
from wallets.ledger import InsufficientFunds

ANY_STATUS = "all"


# Finding work


@require_GET
@page
def job_list(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    form = SearchForm(request.GET)
    form.is_valid()
    wanted = form.cleaned_data
    found, meant = _search(request, wanted, actor) if wanted.get("q") else (_browse(request, wanted, actor), "")
    context = {
        "form": form,
        "status": _status(wanted),
        "statuses": [status for status in Status if status != Status.DRAFT or wanted.get("role") == "poster"],
        "page": found,
        "meant": meant,
        "verticals": queries.templates().values_list("vertical", flat=True).order_by("vertical").distinct("vertical"),
    }
    return render(request, "jobs/_results.html" if request.htmx else "jobs/job_list.html", context)  # type: ignore[attr-defined]


def _status(wanted: dict[str, Any]) -> str:
    """The status asked for. Without one: jobs open for bids, or all of one's own."""
    asked = wanted.get("status", "").upper()
    if asked in Status:
        return asked
    return ANY_STATUS if asked or wanted.get("role") else Status.OPEN.value


def _browse(request: HttpRequest, wanted: dict[str, Any], actor: Agent | None) -> Page:
    jobs = _narrow(queries.visible_to(actor), wanted, actor)
    return keyset_page(request, jobs, "-created_at", "-id")


def _search(request: HttpRequest, wanted: dict[str, Any], actor: Agent | None) -> tuple[Page, str]:
    """The best matches first, as the API finds them, and the words that were put right, if any were."""
    status = _status(wanted)
    asked = {
        "q": wanted["q"],
        "status": ",".join(Status.values) if status == ANY_STATUS else status,
        "vertical": wanted.get("vertical", ""),
        "cursor": request.GET.get("cursor", ""),
    }
    role = wanted.get("role")
    parts = [listing.with_part(role, actor)] if role and actor is not None else []
    found = listing.find(listing.read(asked), actor, *parts)
    jobs = {str(job.pk): job for job in queries.visible_to(actor).filter(pk__in=[place.id for place in found.places])}
    return Page([jobs[place.id] for place in found.places if place.id in jobs], found.next_cursor), found.meant


def _narrow(jobs: QuerySet[Job], wanted: dict[str, Any], actor: Agent | None) -> QuerySet[Job]:
    status = _status(wanted)
    if status != ANY_STATUS:
        jobs = jobs.filter(status=status)
    if wanted.get("vertical"):
        jobs = jobs.filter(vertical__iexact=wanted["vertical"])
    if wanted.get("role") and actor is not None:
        part = wanted["role"]
        jobs = jobs.filter(Q(**{part: actor}) | Q(**{f"{part}__owner_id": actor.user_id}))
    return jobs


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
        "held": wallets.escrow_balance(job) if job.worker_id else 0,
        "lines": timeline.lines(job, actor),
        "steps": _steps(job),
        "has_receipt": has_receipt(job, actor),
        "progress_form": ProgressForm(initial={"percent": job.progress_percent // 10 * 10}),
    }
    if is_party(actor, job):
        shown["submissions"] = [
            (submission, facts(submission.output_data, job.output_schema))
            for submission in job.submissions.select_related("worker").order_by("-number")
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


# Posting


@login_required
@require_GET
def job_create(request: HttpRequest) -> HttpResponse:
    return render(request, "jobs/choose_template.html", {"templates": queries.templates()})


@login_required
@require_http_methods(["GET", "POST"])
@page
def job_create_from(request: HttpRequest, slug: str) -> HttpResponse:
    template = None if slug == PLAIN else queries.find_template(slug)
    first = JobForm.first_values(template, settings.DEFAULT_DEADLINE) | {"invited": request.GET.get("invite", "")}
    form = JobForm(request.POST or None, template=template, initial=first)
    input_form = SchemaForm(template.input_schema, request.POST or None, prefix="input") if template else None

    def save(typed: dict[str, Any]) -> Job:
        terms = JobForm.pop_terms(typed)
        publish = "draft" not in request.POST
        return services.create_job(actor=member_of(request), template=template, terms=terms, publish=publish, **typed)

    job, status = _save(request, form, input_form, save)
    if job is not None:
        return done(request, _said_of_new(job), "job_detail", job.pk)
    return _job_form(request, form, input_form, status, template=template)


def _said_of_new(job: Job) -> str:
    if job.status != Status.OPEN:
        return "The draft is saved; only you can see it."
    return f"The offer is with {job.invited.name}." if job.invited else "The job is open for bids."


def _job_update(request: HttpRequest, job: Job) -> HttpResponse:
    form = JobForm(request.POST or None, template=job.template, initial=_typed(job)).without_terms()
    schema = job.template.input_schema if job.template else None
    input_form = SchemaForm(schema, request.POST or None, prefix="input") if schema is not None else None
    if input_form is not None:
        input_form.initial = {name: job.input_data.get(key) for key, name in input_form.names.items()}

    def save(typed: dict[str, Any]) -> Job:
        return services.update_job(job=job, actor=member_of(request), **typed)

    saved, status = _save(request, form, input_form, save)
    if saved is not None:
        return done(request, "The changes are saved.", "job_detail", job.pk)
    return _job_form(request, form, input_form, status, template=job.template, job=job)


def _typed(job: Job) -> dict[str, Any]:
    words = ("title", "description", "vertical", "budget", "deadline_at")
    asked = ("skills", "minimum_reputation", "minimum_completed_jobs")
    return {name: getattr(job, name) for name in words + asked}


def _save(
    request: HttpRequest, form: JobForm, input_form: SchemaForm | None, save: Callable[[dict[str, Any]], Job]
) -> tuple[Job | None, int]:
    """The job if what was typed is whole and accepted; otherwise None and the answer's status, errors in the forms."""
    if request.method != "POST":
        return None, 200
    if not all([form.is_valid(), input_form is None or input_form.is_valid()]):
        return None, 400
    typed = dict(form.cleaned_data)
    if input_form is not None:
        typed["input_data"] = input_form.value()
    try:
        return save(typed), 302
    except MarketError as refusal:
        if input_form is not None:
            mine = [error for error in refusal.errors if error.field.partition(".")[0] == "inputData"]
            input_form.show(mine, "inputData")
            refusal.errors = [error for error in refusal.errors if error not in mine]
            if mine and not refusal.errors:
                return None, refusal.status
        show_refusal(form, refusal, NAMES)
        return None, refusal.status


def _job_form(request: HttpRequest, form: JobForm, input_form: Any, status: int, **context: Any) -> HttpResponse:
    context |= {
        "form": form,
        "input_form": input_form,
        "balance": wallets.balance(actor_of(request)),  # type: ignore[arg-type]
        "terms": Terms.default(),
        "bidding_summaries": SUMMARIES,
    }
    return render(request, "jobs/job_form.html", context, status=status)


# Acting


FormMaker = Callable[..., forms.Form]


def _form(made: type[forms.Form]) -> FormMaker:
    """For a verb whose form is the same whatever the job."""
    return lambda job, *args: made(*args)


_no_words = _form(forms.Form)


def _output_form(job: Job, *args: Any) -> SchemaForm:
    return SchemaForm(job.output_schema, *args, prefix="output")


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
        _output_form,
        lambda form: {"output_data": form.value()},
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
}


@login_required
@require_http_methods(["GET", "POST"])
@page
def job_action(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """GET says what the verb will do and asks for what it needs; POST does it."""
    actor = member_of(request)
    job = queries.find_job(pk, actor)
    if verb != "update" and verb not in ACTIONS:
        raise Http404("There is no such action.")
    try:
        require(job, verb, actor)
    except MarketError as refusal:
        if refusal.status != 409:
            raise
        return job_page(request, job, status=refusal.status, refusal=refusal)
    if verb == "update":
        return _job_update(request, job)
    return _act(request, job, verb, ACTIONS[verb])


def _act(request: HttpRequest, job: Job, verb: str, action: Action) -> HttpResponse:
    if request.method != "POST":
        return _action_page(request, job, verb, action.form(job))
    form = action.form(job, request.POST)
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
            show_refusal(form, refusal)
        return _action_page(request, job, verb, form, status=refusal.status)
    return done(request, action.said, "job_detail", job.pk)


def _action_page(request: HttpRequest, job: Job, verb: str, form: forms.Form, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"job": job, "form": form, "verb": verb}
    if "tip" in form.fields:
        context["available"] = wallets.balance(job.payer).available
    return render(request, f"jobs/actions/{verb}.html", context, status=status)
