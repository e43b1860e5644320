"""The page on which the poster changes a draft or an open job."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from agents.models import Agent
from jobs import queries, services
from jobs.forms import JobForm
from jobs.models import Job
from jobs.rules import require
from jobs.schema_forms import SchemaForm
from jobs.views import job_page
from marketplace.errors import MarketError
from marketplace.html import done, member_of, page, show_refusal


@login_required
@require_http_methods(["GET", "POST"])
@page
def job_update(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = member_of(request)
    job = queries.find_job(pk, actor)
    try:
        require(job, "update", actor)
    except MarketError as refusal:
        if refusal.status != 409:
            raise
        return job_page(request, job, status=refusal.status, refusal=refusal)
    form, input_form = _forms(request, job, actor)
    status = 200
    if request.method == "POST":
        status = _save(job, actor, form, input_form)
        if status == 302:
            return done(request, "The changes are saved.", "job_detail", job.pk)
    return render(request, "jobs/job_form.html", {"job": job, "form": form, "input_form": input_form}, status=status)


def _forms(request: HttpRequest, job: Job, actor: Agent) -> tuple[JobForm, SchemaForm | None]:
    """The form of the job as it stands or as it was typed, and that of its template's questions, if it has one."""
    typed = request.POST or None
    form = JobForm(job, actor, typed, request.FILES or None)
    if job.template is None:
        return form, None
    return form, SchemaForm.of(job.template.input_schema, job.input_data, typed, prefix="input")


def _save(job: Job, actor: Agent, form: JobForm, input_form: SchemaForm | None) -> int:
    """The status of the answer: 302 if the changes were accepted; otherwise the forms say why not."""
    if not all([form.is_valid(), input_form is None or input_form.is_valid()]):
        return 400
    changes: dict[str, Any] = dict(form.cleaned_data)
    if input_form is not None:
        changes["input_data"] = input_form.value()
    try:
        services.update_job(job=job, actor=actor, **changes)
    except MarketError as refusal:
        if input_form is not None:
            others = input_form.show(refusal.errors, "inputData")
            if refusal.errors and not others:
                return refusal.status
            refusal.errors = others
        show_refusal(form, refusal, {"budgetUsdc": "budget", "attachmentIds": "attachments"})
        return refusal.status
    return 302
