"""A job is written, published and changed while nobody works on it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from agents.blocks.queries import is_blocked
from agents.files.services import attach
from agents.halts.models import Activity
from agents.halts.rules import require_not_halted
from agents.models import Agent
from agents.rules import require_not_suspended, same_hand
from agents.skills import tidy_skills
from jobs import schemas
from jobs.lifecycle import Status
from jobs.models import Job, JobTemplate
from jobs.qualification import MOST_SKILLS
from jobs.questions.queries import questions_of
from jobs.questions.services import ask, tidy_questions
from jobs.rules import require
from jobs.services.moving import job_counted_on, lock, move, news_of
from jobs.terms import Terms
from marketplace.api.problems import camel_case
from marketplace.errors import Invalid
from marketplace.events import services as events
from marketplace.money import MAX_AMOUNT, format_usdc
from marketplace.screening.services import screened
from marketplace.timestamps import format_timestamp
from wallets import services as wallets
from wallets.budgets.services import payer_for

REQUIREMENTS = frozenset({"skills", "minimum_reputation", "minimum_completed_jobs", "questions"})
CONTENT = frozenset({"title", "description", "input_data", "attachments"})
EDITABLE = frozenset({"budget", "vertical", "deadline_at"}) | CONTENT | REQUIREMENTS


@screened(
    title="title",
    description="description",
    input_data="inputData",
    vertical="vertical",
    skills="skills",
    questions="questions",
)
@transaction.atomic
def create_job(
    *,
    actor: Agent,
    publish: bool = True,
    attachments: Sequence[UUID] = (),
    questions: Sequence[str] = (),
    **words: Any,
) -> Job:
    """A job of those words (see `plan_job`) with those files and questions to bidders; published at once unless it is
    to stay a draft.

    Raises Invalid naming the field; InsufficientFunds if the Terms fund on publish.
    """
    job = plan_job(actor=actor, **words)
    job.save()
    attach(thing=job, ids=attachments, actor=actor)
    if questions:
        ask(job=job, questions=questions)
    return publish_job(job=job, actor=actor) if publish else job


def plan_job(
    *,
    actor: Agent,
    title: str,
    description: str,
    budget: int,
    template: JobTemplate | None = None,
    input_data: Mapping[str, Any] | None = None,
    vertical: str = "",
    deadline_at: datetime | None = None,
    terms: Terms | None = None,
    skills: Iterable[str] = (),
    minimum_reputation: float | None = None,
    minimum_completed_jobs: int = 0,
    invited: Agent | None = None,
    poster: Agent | None = None,
) -> Job:
    """The job of the actor, or of `poster` for whom the actor acts, as it would be created: checked, and not saved.

    `budget` is micro-USDC. An `invited` agent is offered the job, and nobody else learns of it. Raises Invalid naming
    the field.
    """
    require_not_suspended(actor)
    poster = poster or actor
    job = Job(
        poster=poster,
        payer=payer_for(poster),
        template=template,
        title=title,
        description=description,
        budget=budget,
        vertical=vertical or (template.vertical if template else ""),
        input_data=dict(input_data or {}),
        output_schema=template.output_schema if template else {},
        deadline_at=deadline_at or timezone.now() + settings.DEFAULT_DEADLINE,
        terms=(terms or Terms.default()).dump(),
        skills=tidy_skills(skills),
        minimum_reputation=minimum_reputation,
        minimum_completed_jobs=minimum_completed_jobs,
        invited=invited,
    )
    _check(job)
    return job


@transaction.atomic
def publish_job(*, job: Job, actor: Agent) -> Job:
    """DRAFT → OPEN: others see it and may bid; a direct offer is seen by its agent alone. Raises Halted."""
    job = lock(job)
    transition = require(job, "publish", actor)
    require_not_halted(Activity.JOBS, job.poster)
    _check(job)
    window = job.rules.bidding_window_seconds
    ends_at = Now() + timedelta(seconds=window) if window else None
    move(job, transition.target, published_at=Now(), bidding_ends_at=ends_at)
    posted = news_of("job.posted", job, actor, from_status=Status.DRAFT)
    if job.rules.fund_on == "publish":
        wallets.hold_escrow(job=job, amount=job.budget, event=posted)
    else:
        events.record(posted)
    if job.invited is not None:
        _tell_invited(job, actor)
    return job


def _tell_invited(job: Job, actor: Agent) -> None:
    facts = {
        "title": job.title,
        "vertical": job.vertical,
        "budgetUsdc": format_usdc(job.budget),
        "deadlineAt": format_timestamp(job.deadline_at),
        "posterId": str(job.poster_id),
    }
    events.emit("job.offered", job=job, actor=actor, audience=[job.invited], data=facts)


@screened(
    title="title",
    description="description",
    input_data="inputData",
    vertical="vertical",
    skills="skills",
    questions="questions",
    rewrites=True,
)
@transaction.atomic
def update_job(*, job: Job, actor: Agent, **changes: Any) -> Job:
    """Changes a draft or an open job; pending bidders and an invited agent are told.

    With bids the amount on offer and what is asked of bidders stay: they counted on them. So does what is to be done
    where no answer of the poster lies between an agent's yes and the deal. Raises Invalid.
    """
    job = lock(job)
    require(job, "update", actor)
    unknown = changes.keys() - EDITABLE
    if unknown:
        raise Invalid.field(min(unknown), "Cannot be changed.")
    if "skills" in changes:
        changes["skills"] = tidy_skills(changes["skills"])
    if "questions" in changes:
        changes["questions"] = tidy_questions(changes["questions"])
    changes = {field: value for field, value in changes.items() if _differs(job, field, value)}
    if "budget" in changes and job.status == Status.OPEN and (job.bid_count or job.rules.fund_on == "publish"):
        raise Invalid.field("budgetUsdc", "Cannot be changed once the money is held or there are bids.")
    if job.bid_count and (asked := REQUIREMENTS & changes.keys()):
        raise Invalid.field(camel_case(min(asked)), "Cannot be changed once there are bids.")
    if _binds_at_once(job) and (content := CONTENT & changes.keys()):
        raise Invalid.field(camel_case(min(content)), "Cannot be changed any more: cancel the job and post it anew.")
    if "vertical" in changes and job.status == Status.OPEN and job.payer_id != job.poster_id:
        raise Invalid.field("vertical", "Cannot be changed: the owner's budget allows some categories only.")
    if not changes:
        return job
    if "attachments" in changes:
        attach(thing=job, ids=changes["attachments"], actor=actor)
    if "questions" in changes:
        ask(job=job, questions=changes["questions"])
    columns = changes.keys() - {"attachments", "questions"}
    for field in columns:
        setattr(job, field, changes[field])
    _check(job)
    job.updated_at = timezone.now()
    job.save(update_fields=[*columns, "updated_at"])
    facts = {"title": job.title, "changed": sorted(map(camel_case, changes))}
    events.emit("job.updated", job=job, actor=actor, audience=[job.poster, *_counting_on(job)], data=facts)
    return job


def _differs(job: Job, field: str, value: Any) -> bool:
    if field == "attachments":
        return [attachment.file_id for attachment in job.attachments.all()] != list(value)
    if field == "questions":
        return questions_of(job) != value
    return bool(getattr(job, field) != value)


def _binds_at_once(job: Job) -> bool:
    """Whether a yes to the job as it stands makes the deal: an invited agent's, or a bid that the clock may take."""
    return job.status == Status.OPEN and (job.invited is not None or (job.rules.auto_accept and job.bid_count > 0))


def _counting_on(job: Job) -> list[Agent]:
    """The agents who offered to do an open job, or are asked to."""
    if job.status != Status.OPEN:
        return []
    answers: list[tuple[Any, Any]] = job_counted_on.send(Job, job=job)
    named: list[Agent] = [agent for _, agents in answers for agent in agents]
    return [*named, job.invited] if job.invited else named


def _check(job: Job) -> None:
    """Raises Invalid naming what is wrong with a job that is written or published."""
    if job.deadline_at <= timezone.now():
        raise Invalid.field("deadlineAt", "Must be in the future.")
    if job.deadline_at > timezone.now() + settings.LONGEST_DEADLINE:
        raise Invalid.field("deadlineAt", f"Must be within {settings.LONGEST_DEADLINE.days} days.")
    if not 0 < job.budget <= MAX_AMOUNT:
        raise Invalid.field("budget", "Must be more than 0 and at most 1000000000.")
    _check_bidding(job)
    if job.template is not None:
        if not job.template.is_active and job._state.adding:
            raise Invalid.field("templateId", "This template is no longer offered.")
        schemas.require_valid(job.input_data, job.template.input_schema, "inputData")


def _check_bidding(job: Job) -> None:
    window = job.rules.bidding_window_seconds
    ends_at = job.bidding_ends_at or (timezone.now() + timedelta(seconds=window) if window else None)
    if ends_at is not None and ends_at >= job.deadline_at:
        field = "deadlineAt" if job.bidding_ends_at else "terms.biddingWindowSeconds"
        raise Invalid.field(field, "Bidding must end before the deadline; the time between them is for choosing.")
    if job.minimum_reputation is not None and not 0 <= job.minimum_reputation <= 1:
        raise Invalid.field("minimumReputation", "Must be between 0 and 1.")
    if len(job.skills) > MOST_SKILLS:
        raise Invalid.field("skills", f"Name at most {MOST_SKILLS} skills.")
    if (job.invited is None) == (job.rules.bidding == "direct"):
        says = "Name the agent that a direct offer is for." if job.invited is None else "Is for direct offers alone."
        raise Invalid.field("invitedAgentId", says)
    if job.invited is not None and same_hand(job.invited, job.poster):
        raise Invalid.field("invitedAgentId", "A job cannot be offered to an agent of its own owner.")
    if job.invited is not None and is_blocked(job.poster, job.invited):
        raise Invalid.field("invitedAgentId", "Takes no offers from you.")
