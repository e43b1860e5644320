"""What is to be done: templates, jobs and what was submitted for them."""

from __future__ import annotations

from datetime import datetime

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from jobs.epochs import Marks
from jobs.lifecycle import STATUS_MOVES, Status
from jobs.terms import Terms
from marketplace.identifiers import uuid7
from marketplace.money import MAX_AMOUNT, format_usdc, share
from marketplace.screening.texts import Texts

PLAIN = "plain"  # stands in addresses for a job without a template


class JobTemplate(models.Model):
    """A kind of job, with JSON Schemas (2020-12) for what goes in and what comes out."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    vertical = models.CharField(max_length=50, db_index=True)
    description = models.TextField(blank=True, max_length=2000)
    input_schema = models.JSONField(default=dict, blank=True)
    output_schema = models.JSONField(default=dict, blank=True)
    suggested_budget = models.BigIntegerField(default=0, help_text="Micro-USDC.")
    estimated_duration_ms = models.BigIntegerField(default=0, help_text="Milliseconds.")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises Django's ValidationError for what no job could be posted from."""
        from jobs.schemas import check_schema

        if self.slug == PLAIN:
            raise ValidationError({"slug": "Stands for a job without a template; choose another."})
        if not 0 <= self.suggested_budget <= MAX_AMOUNT:
            most = f"{MAX_AMOUNT} micro-USDC ({format_usdc(MAX_AMOUNT)} USDC)"
            raise ValidationError({"suggested_budget": f"Must be between 0 and {most}."})
        check_schema(self.input_schema, "input_schema")
        check_schema(self.output_schema, "output_schema")


class Job(models.Model):
    """A piece of work, from posting to payment. Only the verbs of `jobs.services` move its status."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    poster = models.ForeignKey(Agent, models.PROTECT, related_name="posted_jobs")
    payer = models.ForeignKey(
        Agent,
        models.PROTECT,
        related_name="paid_jobs",
        help_text="Whose wallet pays: the poster's, or its owner's under a budget authorization.",
    )
    worker = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="work")
    template = models.ForeignKey(JobTemplate, models.PROTECT, null=True, blank=True, related_name="jobs")
    title = models.CharField(max_length=200)
    description = models.TextField(max_length=20_000, blank=True)
    vertical = models.CharField(max_length=50, blank=True)
    input_data = models.JSONField(default=dict, blank=True)
    output_schema = models.JSONField(
        default=dict, blank=True, help_text="As the template had it when the job was posted."
    )
    budget = models.BigIntegerField(help_text="Micro-USDC.")
    price = models.BigIntegerField(null=True, blank=True, help_text="Micro-USDC agreed with the worker.")
    payout = models.BigIntegerField(null=True, blank=True, help_text="Micro-USDC paid to the worker.")
    tip = models.BigIntegerField(default=0, db_default=0, help_text="Micro-USDC given to the worker on top.")
    refund = models.BigIntegerField(
        null=True, blank=True, help_text="Micro-USDC that a ruling gave back; empty: there was no ruling."
    )
    status = models.CharField(max_length=11, choices=Status, default=Status.DRAFT)
    terms = models.JSONField()
    skills = ArrayField(
        models.CharField(max_length=50),
        default=list,
        db_default=[],
        blank=True,
        help_text="A bidder has to have all of them.",
    )
    minimum_reputation = models.FloatField(null=True, blank=True, help_text="Of a bidder, 0 to 1.")
    minimum_completed_jobs = models.PositiveIntegerField(default=0, db_default=0, help_text="Of a bidder.")
    invited = models.ForeignKey(
        Agent,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="offers",
        db_index=False,
        help_text="A direct offer to this agent, which nobody else sees.",
    )
    bidding_ends_at = models.DateTimeField(null=True, blank=True, help_text="Empty: at the deadline.")
    bidding_closed_at = models.DateTimeField(
        null=True, blank=True, help_text="When that was noticed, and sealed bids were opened."
    )
    lowest_bid = models.BigIntegerField(
        null=True, blank=True, help_text="Micro-USDC, where the bidding rule lets everyone see it."
    )
    deadline_at = models.DateTimeField(help_text="An open job expires then.")
    auto_approve_at = models.DateTimeField(null=True, blank=True)
    is_proof_doubted = models.BooleanField(
        default=False, db_default=False, help_text="Of what was handed in last; silence does not approve it."
    )
    matched_at = models.DateTimeField(null=True, blank=True, help_text="When fitting agents were told of it.")
    heartbeat_missed_at = models.DateTimeField(
        null=True, blank=True, help_text="When its worker was last found to be silent."
    )
    matures_at = models.DateTimeField(null=True, blank=True, help_text="Until then the payout is in clearing.")
    bid_count = models.PositiveIntegerField(default=0)
    revision_count = models.PositiveIntegerField(default=0)
    progress_percent = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(null=True, blank=True)
    assigned_at = models.DateTimeField(null=True, blank=True)
    promised_at = models.DateTimeField(
        null=True, blank=True, help_text="By then the worker promised to hand in; empty: it made no bid."
    )
    started_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    search = models.GeneratedField(
        expression=SearchVector("title", weight="A", config="english")
        + SearchVector("description", weight="B", config="english")
        + Marks("created_at", "skills"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    screened_texts = Texts(("title", "description", "input_data"), ("vertical", "skills"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(budget__gt=0), name="job_budget_positive"),
            models.CheckConstraint(condition=Q(price=None) | Q(price__gt=0), name="job_price_positive"),
            models.CheckConstraint(
                condition=Q(status__in=[Status.DRAFT, Status.OPEN, Status.CANCELLED])
                | Q(worker__isnull=False, price__isnull=False),
                name="job_in_work_has_a_worker",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.IN_REVIEW) | Q(auto_approve_at__isnull=False) | Q(is_proof_doubted=True),
                name="job_in_review_has_a_clock",
            ),
            models.CheckConstraint(condition=Q(progress_percent__lte=100), name="job_progress_percent"),
            models.CheckConstraint(condition=Q(tip__gte=0), name="job_tip_not_negative"),
            models.CheckConstraint(
                condition=Q(minimum_reputation=None) | Q(minimum_reputation__gte=0, minimum_reputation__lte=1),
                name="job_minimum_reputation",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-created_at", "-id"], name="job_by_status"),
            models.Index(fields=["-created_at", "-id"], name="job_newest"),
            models.Index(fields=["poster", "-created_at", "-id"], name="job_of_poster"),
            models.Index(fields=["worker", "-created_at", "-id"], name="job_of_worker"),
            models.Index(
                fields=["worker"],
                condition=Q(status="CANCELLED", submitted_at__isnull=False),
                name="job_failed_of_worker",
            ),
            models.Index(fields=["auto_approve_at"], condition=Q(status="IN_REVIEW"), name="job_review_due"),
            models.Index(fields=["deadline_at"], condition=Q(status="OPEN"), name="job_expiry_due"),
            models.Index(
                fields=["bidding_ends_at"],
                condition=Q(status="OPEN", bidding_closed_at=None, bidding_ends_at__isnull=False),
                name="job_bidding_due",
            ),
            models.Index(
                fields=["invited", "-created_at", "-id"], condition=Q(invited__isnull=False), name="job_of_invited"
            ),
            models.Index(fields=["published_at"], condition=Q(status="OPEN", matched_at=None), name="job_to_match"),
            models.Index(fields=["started_at"], condition=Q(status="IN_PROGRESS"), name="job_in_progress"),
            models.Index(fields=["matures_at"], condition=Q(matures_at__isnull=False), name="job_payout_due"),
            models.Index(
                fields=["payer"], condition=Q(completed_at=None, cancelled_at=None), name="job_unfinished_of_payer"
            ),
            GinIndex(fields=["search"], name="job_search"),
            models.Index(fields=["status", "budget", "id"], name="job_by_budget"),
            models.Index(fields=["status", "deadline_at", "id"], name="job_by_deadline"),
            models.Index(fields=["template", "-created_at", "-id"], name="job_of_template"),
            models.Index(Upper("vertical"), F("created_at").desc(), F("id").desc(), name="job_of_vertical"),
            models.Index(Upper("vertical"), condition=Q(status="OPEN", invited=None), name="job_open_of_vertical"),
        ]
        triggers = [
            pgtrigger.FSM(name="status_moves_by_the_table", field="status", transitions=STATUS_MOVES),
            pgtrigger.ReadOnly(name="freeze_terms", fields=["terms", "poster", "payer", "output_schema", "invited"]),
            pgtrigger.Protect(
                name="freeze_deal",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.worker_id <> NEW.worker_id OR OLD.worker_id IS NOT NULL AND NEW.worker_id IS NULL"
                    " OR OLD.price <> NEW.price OR OLD.price IS NOT NULL AND NEW.price IS NULL"
                    " OR OLD.payout <> NEW.payout AND OLD.status <> 'DISPUTED'"
                    " OR OLD.payout IS NOT NULL AND NEW.payout IS NULL"
                    " OR OLD.tip > 0 AND NEW.tip <> OLD.tip"
                ),
            ),
            pgtrigger.Protect(name="keep_jobs", operation=pgtrigger.Delete),
            # In the order of the alphabet, so that two who bring the same words wait for each other in one order.
            pgtrigger.Trigger(
                name="learn_words",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("title", "description", "status"),
                condition=pgtrigger.Condition("NEW.status = 'OPEN' AND NEW.invited_id IS NULL"),
                func="""
                    INSERT INTO jobs_jobword (word)
                    SELECT DISTINCT lower(written) AS word
                      FROM regexp_split_to_table(
                               NEW.title || ' ' || left(NEW.description, 2000), '[^[:alpha:]]+') written
                     WHERE length(written) BETWEEN 4 AND 30 ORDER BY word ON CONFLICT DO NOTHING;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="born_as_draft",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.status <> 'DRAFT'"),
                func="RAISE EXCEPTION 'a job is created as a draft' USING ERRCODE = 'integrity_constraint_violation';",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def rules(self) -> Terms:
        """The Terms of this deal."""
        return Terms.load(self.terms)

    @property
    def amount(self) -> int:
        """Micro-USDC: the agreed price, or the budget before there is one."""
        return self.price if self.price is not None else self.budget

    @property
    def deal(self) -> tuple[Agent, int]:
        """Worker and agreed micro-USDC of a job that is in work or was; a constraint says that both are there."""
        if self.worker is None or self.price is None:
            raise ValueError(f"job {self.pk} has no worker")
        return self.worker, self.price

    @property
    def is_funded(self) -> bool:
        """Whether its price is in escrow; the audit proves that the ledger says the same (jobs.audit)."""
        in_work = self.status in (Status.ASSIGNED, Status.IN_PROGRESS, Status.IN_REVIEW)
        return self.rules.fund_on != "never" and in_work

    @property
    def silent_since(self) -> datetime | None:
        """When its worker was found to be silent; None once it was heard again, or when the work is over."""
        missed, heard = self.heartbeat_missed_at, self.worker.last_heartbeat_at if self.worker else None
        if (
            missed is None
            or self.status != Status.IN_PROGRESS
            or self.updated_at > missed
            or (heard and heard > missed)
        ):
            return None
        return missed

    @property
    def fee(self) -> int:
        """Micro-USDC kept by the marketplace when the job is paid."""
        return share(self.amount, self.rules.release_fee_bps)

    @property
    def expected_payout(self) -> int:
        """Micro-USDC that the worker receives when the job is approved; `payout` is what it did receive."""
        return self.amount - self.fee


class JobWord(models.Model):
    """A word that is in an open job: what a word that no job has may have been meant to be."""

    word = models.CharField(max_length=30, primary_key=True)

    class Meta:
        indexes = [GinIndex(fields=["word"], name="job_word_similar", opclasses=["gin_trgm_ops"])]

    def __str__(self) -> str:
        return self.word


class Submission(models.Model):
    """What the worker handed in, and what the poster said of it."""

    class Verdict(models.TextChoices):
        PENDING = "PENDING", _("Waiting for review")
        APPROVED = "APPROVED", _("Approved")
        REJECTED = "REJECTED", _("Changes requested")

    class Proof(models.TextChoices):
        NONE = "NONE", _("No proof beside the work")
        MATCHES = "MATCHES", _("The hash is that of the work")
        UNVERIFIED = "UNVERIFIED", _("Not verified: it lies elsewhere or cannot be checked")
        MISMATCH = "MISMATCH", _("The hash is of something else")
        REUSED = "REUSED", _("Handed in for another job too")

    DOUBTFUL = (Proof.MISMATCH, Proof.REUSED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(Job, models.PROTECT, related_name="submissions")
    worker = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    output_data = models.JSONField()
    content_hash = models.CharField(max_length=64, help_text="SHA-256 of the canonical JSON of the output.")
    proof_hash = models.CharField(max_length=200, blank=True, help_text="As the worker claims it; `proof` says more.")
    proof = models.CharField(max_length=10, choices=Proof, default=Proof.NONE, db_default=Proof.NONE)
    verdict = models.CharField(max_length=8, choices=Verdict, default=Verdict.PENDING)
    reason = models.TextField(blank=True, max_length=5000)
    category = models.CharField(max_length=50, blank=True)
    points = models.JSONField(
        default=list, db_default=[], blank=True, help_text="What has to change: a list of {text, is_done}."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    reviewed_at = models.DateTimeField(null=True, blank=True)

    screened_texts = Texts(("output_data", "reason", "points"), ("proof_hash", "category"), job="job_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="submission_number_unique"),
            models.UniqueConstraint(
                fields=["job"], condition=Q(verdict="PENDING"), name="submission_one_pending_per_job"
            ),
        ]
        indexes = [models.Index(fields=["content_hash"], name="submission_of_content")]

    def __str__(self) -> str:
        return f"submission {self.number} for {self.job_id}"

    @property
    def is_doubtful(self) -> bool:
        """Whether its proof contradicts it, or it was handed in for another job; silence does not approve it."""
        return self.proof in self.DOUBTFUL
