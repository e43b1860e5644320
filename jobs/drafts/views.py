"""Posting a job, step by step. Each step keeps what was typed, whole or not, before it looks at it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from rest_framework.exceptions import ValidationError

from agents.favourites.queries import favourites_of
from agents.models import Agent
from jobs import queries as jobs
from jobs.drafts import queries, services
from jobs.drafts.forms import (
    STEP_FORMS,
    SUMMARIES,
    StepForm,
    answers_of,
    label_in_step,
    questions,
    step_of,
)
from jobs.drafts.hints import price_hint
from jobs.drafts.models import Draft, Step
from jobs.lifecycle import Status
from jobs.models import PLAIN, Job, JobTemplate
from jobs.readable import facts
from jobs.schema_forms import SchemaForm
from jobs.terms import Terms
from marketplace.api.problems import problem_of
from marketplace.errors import FieldError, MarketError
from marketplace.html import done, member_of, page
from marketplace.text import clean_text
from wallets import queries as wallets

# What later steps will say is not missed in an earlier one.
STILL_TO_COME = {"title": "…", "budgetUsdc": "1"}
ADDRESS = "draft_step"
MOST_SUGGESTED = 50


@login_required
@require_http_methods(["GET", "POST"])
@page
def job_create(request: HttpRequest) -> HttpResponse:
    """The first step; its answer begins a draft. With `?invite=` the job is for that agent."""
    if request.method != "POST":
        return _kinds(request, invite=request.GET.get("invite", "")[:64])
    said = {"templateId": _chosen_template(request), "invitedAgentId": request.POST.get("invite", "")[:64] or None}
    data = {name: value for name, value in said.items() if value is not None}
    draft = services.start_draft(actor=member_of(request), data=data)
    return redirect(ADDRESS, draft.pk, Step.WORK)


@login_required
@require_GET
@page
def draft_resume(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Goes on where the draft was left."""
    draft = queries.find_draft(pk, member_of(request))
    return redirect(ADDRESS, draft.pk, draft.step)


@login_required
@require_http_methods(["GET", "POST"])
@page
def draft_step(request: HttpRequest, pk: UUID, step: Step) -> HttpResponse:
    draft = queries.find_draft(pk, member_of(request))
    if step == Step.KIND:
        return _choose_kind(request, draft)
    if step == Step.CHECK:
        return _check(request, draft)
    return _write(request, draft, step)


# The kind


def _kinds(request: HttpRequest, **context: Any) -> HttpResponse:
    templates = jobs.templates().order_by("vertical", "name")
    return render(request, "drafts/kind.html", {"templates": templates, "step": Step.KIND} | context)


def _chosen_template(request: HttpRequest) -> str | None:
    """The template's slug; None for a job in one's own words. Raises NotFound."""
    slug = request.POST.get("template", PLAIN)
    return None if slug == PLAIN else jobs.find_template(slug).slug


def _choose_kind(request: HttpRequest, draft: Draft) -> HttpResponse:
    if request.method != "POST":
        return _kinds(request, draft=draft, chosen=queries.template_of(draft))
    said = {"templateId": _chosen_template(request)}
    services.write_draft(draft=draft, actor=member_of(request), said=said)
    return redirect(ADDRESS, draft.pk, Step.WORK)


# The steps that are written


@dataclass(frozen=True)
class Written:
    """A step as it was typed, or as the draft has it: its own form and, of the work, the template's questions."""

    step: Step
    form: StepForm
    questions: SchemaForm | None

    @classmethod
    def of(cls, draft: Draft, step: Step, *typed: Any) -> "Written":
        asked = questions(draft, *typed) if step == Step.WORK else None
        return cls(step, STEP_FORMS[step](draft, *typed), asked)

    def said(self) -> dict[str, Any]:
        """What the draft is to keep of it."""
        answers = {"inputData": answers_of(self.questions) or None} if self.questions else {}
        return self.form.said() | answers

    def is_whole(self, draft: Draft, actor: Agent) -> bool:
        """Whether one may go on; if not, the forms say why, also what only the whole job can tell."""
        if not all([self.form.is_valid(), self.questions is None or self.questions.is_valid()]):
            return False
        _, errors = queries.planned(STILL_TO_COME | draft.data, actor)
        mine = [error for error in errors if step_of(error.field) == self.step]
        others = self.form.show(mine)
        if self.questions:
            others = self.questions.show(others, "inputData")
        for error in others:
            self.form.add_error(None, f"{error.field}: {error.message}")
        return not mine


def _write(request: HttpRequest, draft: Draft, step: Step) -> HttpResponse:
    if request.method != "POST":
        return _step_page(request, draft, Written.of(draft, step))
    actor = member_of(request)
    written = Written.of(draft, step, request.POST, request.FILES)
    draft = services.write_draft(draft=draft, actor=actor, said=written.said())
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "drafts/_saved.html")
    if "preview" in request.POST:
        return _step_page(request, draft, Written.of(draft, step))
    if request.POST.get("to") in Step:
        return redirect(ADDRESS, draft.pk, request.POST["to"])
    if not written.is_whole(draft, actor):
        return _step_page(request, draft, written, status=400)
    services.write_draft(draft=draft, actor=actor, said={}, step=step.next)
    return redirect(ADDRESS, draft.pk, step.next)


def _step_page(request: HttpRequest, draft: Draft, written: Written, status: int = 200) -> HttpResponse:
    template = queries.template_of(draft)
    context = {
        "draft": draft,
        "step": written.step,
        "template": template,
        "form": written.form,
        "questions": written.questions,
        "is_preview": "preview" in request.POST,
        **_beside(written.step, draft, template, member_of(request)),
    }
    return render(request, f"drafts/{written.step}.html", context, status=status)


def _beside(step: Step, draft: Draft, template: JobTemplate | None, actor: Agent) -> dict[str, Any]:
    """What a step shows beside its form."""
    match step:
        case Step.WHO:
            return {
                "bidding_summaries": SUMMARIES,
                "favourites": favourites_of(actor).order_by("-created_at", "-id")[:MOST_SUGGESTED],
            }
        case Step.MONEY:
            vertical = draft.data.get("vertical")
            return {
                "hint": price_hint(template=template, vertical=vertical if isinstance(vertical, str) else ""),
                "balance": wallets.balance(actor),
                "terms": Terms.default(),
                "is_direct": bool(draft.data.get("invitedAgentId")),
            }
    return {}


@login_required
@require_POST
@page
def draft_preview(request: HttpRequest, pk: UUID) -> HttpResponse:
    """How the description that is being typed will look; keeps nothing."""
    queries.find_draft(pk, member_of(request))
    return render(request, "drafts/_preview.html", {"text": clean_text(request.POST.get("description", ""))})


# Check and publish


def _check(request: HttpRequest, draft: Draft) -> HttpResponse:
    if request.method != "POST":
        return _check_page(request, draft)
    try:
        job = services.publish_draft(draft=draft, actor=member_of(request))
    except (MarketError, ValidationError) as refusal:
        problem = problem_of(refusal)
        assert problem is not None
        return _check_page(request, draft, status=problem.status, refusal=None if problem.errors else problem.detail)
    return done(request, _said_of_new(job), "job_detail", job.pk)


def _said_of_new(job: Job) -> str:
    if job.invited:
        return _("The offer is with %(name)s.") % {"name": job.invited.name}
    return _("The job is open for bids.")


def _check_page(request: HttpRequest, draft: Draft, status: int = 200, **context: Any) -> HttpResponse:
    """Everything that will be posted and what it costs, or all that is still missing."""
    actor = member_of(request)
    job, errors = queries.planned(draft.data, actor)
    context |= {
        "draft": draft,
        "step": Step.CHECK,
        "job": job,
        "missing": [_missing(error, draft) for error in errors],
    }
    if job is not None:
        balance = wallets.balance(job.payer)
        held = job.budget if job.rules.fund_on == "publish" else 0
        schema = job.template.input_schema if job.template else {}
        context |= {
            "requirements": facts(job.input_data, schema),
            "balance": balance,
            "held": held,
            "short": max(0, held - balance.available),
        }
    return render(request, "drafts/check.html", context, status=status)


def _missing(error: FieldError, draft: Draft) -> dict[str, Any]:
    return {"label": label_in_step(error.field, draft), "message": error.message, "step": step_of(error.field)}


# Drafts


@login_required
@require_GET
@page
def draft_list(request: HttpRequest) -> HttpResponse:
    """What is unfinished: drafts, and jobs that a program created without publishing them."""
    actor = member_of(request)
    unpublished = jobs.visible_to(actor).filter(status=Status.DRAFT).order_by("-created_at", "-id")
    context = {"drafts": queries.drafts_of(actor), "unpublished": unpublished[: services.MOST_DRAFTS]}
    return render(request, "drafts/draft_list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
@page
def draft_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = member_of(request)
    draft = queries.find_draft(pk, actor)
    if request.method != "POST":
        return render(request, "drafts/delete.html", {"draft": draft})
    services.delete_draft(draft=draft, actor=actor)
    return done(request, _("The draft is deleted."), "draft_list")


@login_required
@require_http_methods(["GET", "POST"])
@page
def job_duplicate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Asks, then begins a draft that says what the job said."""
    actor = member_of(request)
    job = jobs.find_job(pk, actor)
    services.require_copy(job, actor)
    if request.method != "POST":
        return render(request, "drafts/duplicate.html", {"job": job})
    draft = services.copy_job(job=job, actor=actor)
    return done(request, _("Here is a copy. Change what you like, then publish it."), ADDRESS, draft.pk, Step.WORK)
