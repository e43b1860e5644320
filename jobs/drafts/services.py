"""The verbs of a draft. Nobody but its owner knows of it, so none of them tells anybody."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from agents.files.models import StoredFile
from agents.files.queries import held_by
from agents.files.services import attach
from agents.models import Agent
from agents.rules import acts_for, require_not_suspended
from jobs.drafts.members import with_members
from jobs.drafts.models import Draft, Step
from jobs.drafts.queries import find_draft, words_of
from jobs.models import Job
from jobs.questions.queries import questions_of
from jobs.rules import is_poster
from jobs.services import create_job
from marketplace.errors import MarketError, NotAllowed
from marketplace.identifiers import is_uuid
from marketplace.json_limits import require_limits
from marketplace.money import format_usdc

MOST_DRAFTS = 50


class TooManyDrafts(MarketError):
    code, title = "TOO_MANY_DRAFTS", "Too many drafts"
    detail = f"You have {MOST_DRAFTS} unfinished jobs; publish or delete one first."


@transaction.atomic
def start_draft(*, actor: Agent, data: Mapping[str, Any], step: str = Step.WORK) -> Draft:
    """A new draft of the actor that says so much already. Raises TooManyDrafts, Invalid for what is too long."""
    require_not_suspended(actor)
    require_limits(data)
    # The row of its owner stands for the number of drafts, so that two that begin at once are counted one by one.
    Agent.objects.select_for_update(no_key=True).get(pk=actor.pk)
    if actor.job_drafts.count() >= MOST_DRAFTS:
        raise TooManyDrafts()
    draft = Draft.objects.create(owner=actor, data=dict(data), step=step)
    _hold_files(draft, actor)
    return draft


@transaction.atomic
def write_draft(*, draft: Draft, actor: Agent, said: Mapping[str, Any], step: str | None = None) -> Draft:
    """Writes members of the draft by their dotted paths; None takes one away, and what is not named stays.

    `step` is the furthest that was reached. Raises NotFound, Invalid for what is too long.
    """
    draft = _lock(draft, actor)
    draft.data = with_members(draft.data, said)
    require_limits(draft.data)
    draft.step = max(Step(step or draft.step), Step(draft.step), key=lambda step: step.place)
    draft.updated_at = timezone.now()
    draft.save(update_fields=["data", "step", "updated_at"])
    if "attachmentIds" in said:
        _hold_files(draft, actor)
    return draft


@transaction.atomic
def delete_draft(*, draft: Draft, actor: Agent) -> Draft:
    """Throws the draft away; returns it as it was. Raises NotFound."""
    draft = _lock(draft, actor)
    Draft.objects.filter(pk=draft.pk).delete()
    return draft


@transaction.atomic
def publish_draft(*, draft: Draft, actor: Agent) -> Job:
    """Posts the job and lets the draft go: both or neither, and once. Raises what `create_job` does, NotFound."""
    draft = _lock(draft, actor)
    words = words_of(draft.data) | {"publish": True}
    job = create_job(actor=actor, **words)
    Draft.objects.filter(pk=draft.pk).delete()
    return job


def copy_job(*, job: Job, actor: Agent) -> Draft:
    """A draft that says what the job said and holds its files, for one more or another try.

    Raises NotAllowed, TooManyDrafts.
    """
    require_copy(job, actor)
    files = [str(file.pk) for file in held_by(job) if acts_for(actor, file.owner)]
    words = with_members(_words_of_job(job), {"attachmentIds": files or None})
    return start_draft(actor=actor, data=words, step=Step.CHECK)


def require_copy(job: Job, actor: Agent) -> None:
    """Raises NotAllowed for all but the poster of the job."""
    if not is_poster(actor, job):
        raise NotAllowed("Only the poster may copy this job.")


def _words_of_job(job: Job) -> dict[str, Any]:
    """The job as POST /v1/jobs would be told it. Its deadline is left out: the copy has one of its own."""
    terms: dict[str, Any] = {
        "terms.reviewWindowSeconds": job.rules.review_window_seconds,
        "terms.revisionsAllowed": job.rules.revisions_allowed,
    }
    if job.invited is None:
        terms |= {
            "terms.bidding": job.rules.bidding,
            "terms.biddingWindowSeconds": job.rules.bidding_window_seconds,
            "terms.weights": _chosen_weights(job),
            "terms.autoAccept": job.rules.auto_accept or None,
        }
    words = {
        "templateId": job.template.slug if job.template else None,
        "title": job.title,
        "description": job.description,
        "vertical": job.vertical or None,
        "inputData": job.input_data or None,
        "budgetUsdc": format_usdc(job.budget),
        "skills": job.skills or None,
        "questions": questions_of(job) or None,
        "minimumReputation": job.minimum_reputation,
        "minimumCompletedJobs": job.minimum_completed_jobs or None,
        "invitedAgentId": job.invited.handle if job.invited else None,
    }
    return with_members({}, words | terms)


def _hold_files(draft: Draft, actor: Agent) -> None:
    """The draft holds the files that it names, the actor's own or of an agent of theirs; what else it names there is
    refused when it is published."""
    named = draft.data.get("attachmentIds")
    references = [str(reference) for reference in named] if isinstance(named, list) else []
    files = StoredFile.objects.filter(pk__in=filter(is_uuid, references)).select_related("owner")
    own = {str(file.pk): file.pk for file in files if acts_for(actor, file.owner)}
    held = [own[reference] for reference in dict.fromkeys(references) if reference in own]
    attach(thing=draft, ids=held[: settings.MOST_ATTACHMENTS], actor=actor)


def _chosen_weights(job: Job) -> dict[str, int] | None:
    """The weights of a bid's score, where they are not those of the bidding rule anyway."""
    weights = dict(job.rules.weights or {})
    return weights if weights and weights != dict(job.rules.rule.weights) else None


def _lock(draft: Draft, actor: Agent) -> Draft:
    """The actor's draft as it is now, its row locked until the transaction ends."""
    require_not_suspended(actor)
    found = Draft.objects.select_for_update(no_key=True).filter(pk=draft.pk, owner=actor).first()
    return found or find_draft(draft.pk, actor)
