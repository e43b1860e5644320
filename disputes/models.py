"""When they disagree: who says what is wrong, what each side offers and shows, and how it ended.

Only the verbs of this package change these rows, each under the lock of the job. What somebody said is kept as it was
said; what has ended is never changed again.
"""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from agents.files.models import Attachment
from agents.models import Agent
from disputes.phases import PHASE_MOVES, Phase
from jobs.models import Job
from marketplace.identifiers import uuid7
from marketplace.screening.texts import Texts

LONGEST_TEXT = 5000


class Side(models.TextChoices):
    """For whom somebody speaks."""

    POSTER = "POSTER", "The poster"
    WORKER = "WORKER", "The worker"
    MEDIATOR = "MEDIATOR", "The mediator"


class Category(models.TextChoices):
    """What the disagreement is about."""

    NOT_DELIVERED = "NOT_DELIVERED", "Nothing was delivered"
    NOT_AS_AGREED = "NOT_AS_AGREED", "The work is not what was agreed"
    QUALITY = "QUALITY", "The quality is too low"
    LATE = "LATE", "The work came too late"
    NO_ANSWER = "NO_ANSWER", "The other side does not answer"
    SCOPE = "SCOPE", "More is asked than was agreed"
    OTHER = "OTHER", "Something else"


class Ground(models.TextChoices):
    """On what a ruling rests, in one word that can be counted; its note says the rest."""

    DELIVERED = "DELIVERED", "What was agreed was delivered"
    DELIVERED_IN_PART = "DELIVERED_IN_PART", "A part of what was agreed was delivered"
    NOT_DELIVERED = "NOT_DELIVERED", "Nothing that counts was delivered"
    NOT_AS_AGREED = "NOT_AS_AGREED", "What was delivered is not what was agreed"
    TOO_LATE = "TOO_LATE", "It came later than agreed"
    MORE_WAS_ASKED = "MORE_WAS_ASKED", "More was asked than was agreed"
    NO_ANSWER = "NO_ANSWER", "One side no longer answered"
    RULES_BROKEN = "RULES_BROKEN", "The rules of this market were broken"
    OTHER = "OTHER", "Something else"


class Dispute(models.Model):
    """A disagreement about one job, from opening to its end."""

    class Status(models.TextChoices):
        OPEN = "OPEN", "Open"
        RESOLVED = "RESOLVED", "Resolved"
        CLOSED = "CLOSED", "Closed by its opener"

    class Resolution(models.TextChoices):
        AGREEMENT = "AGREEMENT", "Agreed by both sides"
        RULING = "RULING", "Ruled on"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(Job, models.PROTECT, related_name="disputes")
    opened_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    side = models.CharField(max_length=8, choices=Side, help_text="For whom it was opened.")
    category = models.CharField(max_length=13, choices=Category, default=Category.OTHER)
    reason = models.TextField(max_length=LONGEST_TEXT)
    asked_to_poster = models.BigIntegerField(
        null=True, blank=True, help_text="Micro-USDC that the poster should have back, says the opener."
    )
    clock_left = models.DurationField(
        null=True, blank=True, help_text="What was left of the review or dispute window that it stopped."
    )
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    phase = models.CharField(max_length=11, choices=Phase, default=Phase.NEGOTIATION)
    phase_ends_at = models.DateTimeField(null=True, blank=True)
    extended_at = models.DateTimeField(null=True, blank=True, help_text="When a phase was made longer; once at most.")
    response = models.TextField(blank=True, max_length=LONGEST_TEXT, help_text="What the other side answers.")
    responded_at = models.DateTimeField(null=True, blank=True)
    mediator = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="mediations")
    resolution = models.CharField(max_length=9, choices=Resolution, blank=True)
    to_poster = models.BigIntegerField(null=True, blank=True, help_text="Micro-USDC returned by the outcome.")
    note = models.TextField(blank=True, max_length=LONGEST_TEXT, help_text="Why it ended so, for both sides.")
    ground = models.CharField(max_length=17, choices=Ground, blank=True, help_text="Of a ruling, where it was said.")
    resolved_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    resolved_at = models.DateTimeField(null=True, blank=True)

    # Why it ended so is to be known: hidden only if that is what is wrong.
    screened_texts = Texts(("reason", "response"), ("note",), job="job_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job"], condition=Q(status="OPEN"), name="dispute_one_open_per_job"),
            models.CheckConstraint(
                condition=Q(status="OPEN", resolved_at=None) | ~Q(status="OPEN") & Q(resolved_at__isnull=False),
                name="dispute_resolved_has_a_ruling",
            ),
            models.CheckConstraint(
                condition=Q(status="OPEN", phase_ends_at__isnull=False) & ~Q(phase="CLOSED")
                | ~Q(status="OPEN") & Q(phase="CLOSED", phase_ends_at=None),
                name="dispute_open_is_in_a_phase",
            ),
            models.CheckConstraint(
                condition=Q(status="RESOLVED", to_poster__isnull=False) & ~Q(resolution="")
                | ~Q(status="RESOLVED") & Q(to_poster=None, resolution=""),
                name="dispute_resolved_says_how",
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(status="OPEN"), name="dispute_queue"),
            models.Index(fields=["phase_ends_at"], condition=Q(status="OPEN"), name="dispute_phase_due"),
            models.Index(fields=["opened_by", "created_at"], name="dispute_of_opener"),
            models.Index(
                fields=["mediator"], condition=Q(status="OPEN", mediator__isnull=False), name="dispute_of_mediator"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="keep_disputes", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="freeze_what_was_opened",
                fields=["job", "opened_by", "side", "category", "reason", "asked_to_poster", "clock_left"],
            ),
            pgtrigger.Protect(
                name="freeze_ended_disputes",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.status <> 'OPEN'"),
            ),
            pgtrigger.FSM(name="phase_moves_by_the_table", field="phase", transitions=PHASE_MOVES),
        ]

    def __str__(self) -> str:
        return f"dispute about {self.job_id}"

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    @property
    def frozen(self) -> int:
        """Micro-USDC that are divided by the outcome: the agreed price."""
        return self.job.deal[1]


class Offer(models.Model):
    """A way to end it that one side offers, or that the mediator proposes to both. Settled once both have agreed."""

    class Status(models.TextChoices):
        PENDING = "PENDING", "Waiting for an answer"
        ACCEPTED = "ACCEPTED", "Accepted"
        DECLINED = "DECLINED", "Declined"
        REPLACED = "REPLACED", "Replaced by a newer one"
        LAPSED = "LAPSED", "The dispute ended otherwise"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="offers")
    made_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    side = models.CharField(max_length=8, choices=Side)
    to_poster = models.BigIntegerField(help_text="Micro-USDC that the poster would have back.")
    note = models.TextField(blank=True, max_length=LONGEST_TEXT)
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    poster_agreed_at = models.DateTimeField(null=True, blank=True)
    worker_agreed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    answered_at = models.DateTimeField(null=True, blank=True)

    screened_texts = Texts(("note",), job="dispute.job_id")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_poster__gte=0), name="offer_not_negative"),
            models.UniqueConstraint(
                fields=["dispute", "side"], condition=Q(status="PENDING"), name="offer_one_pending_per_side"
            ),
            models.UniqueConstraint(
                fields=["dispute"], condition=Q(status="ACCEPTED"), name="offer_one_accepted_per_dispute"
            ),
            models.CheckConstraint(
                condition=~Q(status="ACCEPTED") | Q(poster_agreed_at__isnull=False, worker_agreed_at__isnull=False),
                name="offer_accepted_by_both",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="keep_offers", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="freeze_offers", fields=["dispute", "made_by", "side", "to_poster", "note"]),
            pgtrigger.Protect(
                name="freeze_answered_offers",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.status <> 'PENDING'"),
            ),
        ]

    def __str__(self) -> str:
        return f"offer in {self.dispute_id}"


class InformationRequest(models.Model):
    """What the mediator asks of one side or of both."""

    class Of(models.TextChoices):
        POSTER = "POSTER", "The poster"
        WORKER = "WORKER", "The worker"
        BOTH = "BOTH", "Both sides"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="information_requests")
    made_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    of = models.CharField(max_length=6, choices=Of)
    question = models.TextField(max_length=LONGEST_TEXT)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    screened_texts = Texts(("question",), job="dispute.job_id")

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only_questions", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"question in {self.dispute_id}"


class Evidence(models.Model):
    """What one side shows: a text, a link, files; or the answer to a question of the mediator."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="evidence")
    shown_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    side = models.CharField(max_length=8, choices=Side)
    answers = models.ForeignKey(InformationRequest, models.PROTECT, null=True, blank=True, related_name="answers")
    text = models.TextField(blank=True, max_length=LONGEST_TEXT)
    link = models.URLField(blank=True, max_length=2000, help_text="What it leads to is not checked.")
    content_hash = models.CharField(max_length=64, help_text="SHA-256 of the canonical JSON of text, link and files.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    screened_texts = Texts(("text", "link"), job="dispute.job_id")

    class Meta:
        verbose_name_plural = "evidence"
        indexes = [models.Index(fields=["dispute", "created_at", "id"], name="evidence_of_dispute")]
        triggers = [pgtrigger.Protect(name="append_only_evidence", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"evidence in {self.dispute_id}"


class EvidenceFile(Attachment):
    """A file that evidence shows."""

    thing = models.ForeignKey(Evidence, models.PROTECT, related_name="attachments")


class Ruling(models.Model):
    """What somebody ruled, for good: the log of rulings. Large sums wait for a second one that says the same."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="rulings")
    made_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    to_poster = models.BigIntegerField(help_text="Micro-USDC that the poster has back.")
    note = models.TextField(max_length=LONGEST_TEXT)
    ground = models.CharField(max_length=17, choices=Ground, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only_rulings", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"ruling on {self.dispute_id}"


class Mediator(models.Model):
    """An agent that operators have appointed to mediate, AI or human; operators need no appointment."""

    agent = models.OneToOneField(Agent, models.PROTECT, primary_key=True, related_name="mediator")
    appointed_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    is_active = models.BooleanField(
        default=True, help_text="Without it no disputes are assigned, and none are ruled on."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(agent=F("appointed_by")), name="mediator_appointed_by_another")
        ]

    def __str__(self) -> str:
        return f"mediator {self.agent_id}"
