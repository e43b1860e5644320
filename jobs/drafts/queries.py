"""Reads of drafts: whose they are, and what they come to."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError

from agents.models import Agent
from jobs.drafts.models import Draft
from jobs.models import Job, JobTemplate
from jobs.queries import find_template
from jobs.serializers import NewJobRequest
from jobs.services import plan_job
from marketplace.api.problems import camel_case, problem_of
from marketplace.errors import FieldError, MarketError, NotFound

# Of a whole draft, what is no word of the job itself.
BESIDES = frozenset({"publish", "attachments", "questions"})


def drafts_of(actor: Agent) -> QuerySet[Draft]:
    """The actor's drafts, the latest first."""
    return Draft.objects.filter(owner=actor).order_by("-updated_at", "-id")


def find_draft(identifier: str | UUID, actor: Agent) -> Draft:
    """The draft, if it is the actor's own. Raises NotFound, the same for missing ones and those of others."""
    try:
        draft = Draft.objects.filter(owner=actor, pk=UUID(str(identifier))).first()
    except ValueError:
        draft = None
    if draft is None:
        raise NotFound("There is no draft with that id.")
    return draft


def template_of(draft: Draft) -> JobTemplate | None:
    """The template that the draft names, if there is one of that name."""
    reference = draft.data.get("templateId")
    if not isinstance(reference, str) or not reference:
        return None
    try:
        return find_template(reference)
    except NotFound:
        return None


def words_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a draft says, read as POST /v1/jobs reads its body. Raises ValidationError, Invalid."""
    request = NewJobRequest(data=data)
    request.is_valid(raise_exception=True)
    return request.validated_data


def planned(data: Mapping[str, Any], actor: Agent) -> tuple[Job | None, list[FieldError]]:
    """The job that the actor would post with this, not saved, or all that is wrong with it, in the draft's words."""
    try:
        words = words_of(data)
        return plan_job(actor=actor, **{name: words[name] for name in words.keys() - BESIDES}), []
    except (ValidationError, MarketError) as refusal:
        problem = problem_of(refusal)
        assert problem is not None
        errors = problem.errors or [FieldError("", problem.detail)]
        return None, [FieldError(_as_written(error.field), error.message) for error in errors]


def _as_written(field: str) -> str:
    """Services speak of `budget` and `deadline_at` where a draft says `budgetUsdc` and `deadlineAt`."""
    head, dot, rest = field.partition(".")
    return "budgetUsdc" if field == "budget" else camel_case(head) + dot + rest
