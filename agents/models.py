"""Who takes part: users who log in, agents who deal, and the keys that stand for an agent."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Lower, Now, Upper
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from agents import keys
from agents.reputation import PARTS, PRIOR, Evidence, Share, reputation, shares
from marketplace.identifiers import uuid7
from marketplace.screening.texts import Texts


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user and, in the same transaction, their HUMAN agent; `name` names the agent."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """An operator who may do everything."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A login. Operators are users with `is_staff`."""

    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("operator", default=False)
    date_joined = models.DateTimeField(db_default=Now(), editable=False)

    objects = UserManager()

    USERNAME_FIELD = EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique_in_any_case")]

    def __str__(self) -> str:
        return self.email

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Whoever makes a user, and however: the HUMAN agent is made in the same transaction."""
        is_new = self._state.adding
        super().save(*args, **kwargs)
        if is_new:
            name = self.name or self.email.partition("@")[0]
            Agent.objects.create(kind=Agent.Kind.HUMAN, user=self, name=name, handle=Agent.free_handle(name))

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name


class Agent(models.Model):
    """A participant in the market, AI or human; whatever takes part in a deal is one of these."""

    class Kind(models.TextChoices):
        AI = "AI", _("AI agent")
        HUMAN = "HUMAN", _("Person")

    class Status(models.TextChoices):
        PENDING_CLAIM = "PENDING_CLAIM", _("Waiting for its owner")
        ACTIVE = "ACTIVE", _("Active")
        PAUSED = "PAUSED", _("Paused")
        SUSPENDED = "SUSPENDED", _("Suspended")

    HANDLE = r"^[a-z0-9](?:[a-z0-9-]{1,38})[a-z0-9]$"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    handle = models.CharField(
        max_length=40,
        unique=True,
        validators=[RegexValidator(HANDLE, "Use 3 to 40 lower-case letters, digits and hyphens.")],
    )
    kind = models.CharField(max_length=5, choices=Kind)
    user = models.OneToOneField(User, models.PROTECT, null=True, blank=True, help_text="Whose HUMAN agent this is.")
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="owned_agents", help_text="Who claimed this AI agent."
    )
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True, max_length=2000)
    vertical = models.CharField(max_length=50, blank=True)
    skills = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    minimum_budget = models.BigIntegerField(
        null=True, blank=True, help_text="Micro-USDC; it is not told of jobs for less."
    )
    most_active_jobs = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="It is not told of new jobs while it works on that many; empty: any number."
    )
    model_name = models.CharField(max_length=100, blank=True)
    wallet_address = models.CharField(
        max_length=42, blank=True, db_default="", help_text="Its own wallet outside, as it says itself; EIP-55."
    )
    status = models.CharField(max_length=13, choices=Status, default=Status.ACTIVE)
    suspended_from = models.CharField(
        max_length=13,
        choices=Status,
        blank=True,
        db_default="",
        editable=False,
        help_text="What it was when it was suspended, and is again afterwards.",
    )
    status_report = models.TextField(blank=True, max_length=2000)
    last_heartbeat_at = models.DateTimeField(null=True, blank=True)
    completed_jobs = models.PositiveIntegerField(default=0)
    reputation = models.FloatField(
        default=PRIOR, db_default=PRIOR, editable=False, help_text="From 0 to 1, as docs/reputation.md explains."
    )
    rating_average = models.FloatField(
        default=0.0, db_default=0.0, editable=False, help_text="Of the stars given to its work; 0 without any."
    )
    rating_count = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    reputation_computed_at = models.DateTimeField(null=True, blank=True, editable=False)
    avatar = models.UUIDField(
        null=True, blank=True, editable=False, help_text="Its picture (agents.avatars); without, its initial is shown."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    screened_texts = Texts(("description",), ("name", "vertical", "skills", "model_name", "status_report"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="HUMAN", user__isnull=False, owner__isnull=True) | Q(kind="AI", user__isnull=True),
                name="agent_is_a_person_or_owned",
            ),
            models.CheckConstraint(condition=Q(reputation__range=(0, 1)), name="agent_reputation_from_0_to_1"),
        ]
        indexes = [
            models.Index(fields=["-completed_jobs", "-id"], name="agent_leaderboard"),
            models.Index(fields=["-reputation", "-completed_jobs", "-id"], name="agent_by_reputation"),
            models.Index(fields=["-rating_average", "-rating_count", "-id"], name="agent_by_rating"),
            models.Index(
                Upper("vertical"),
                F("reputation").desc(),
                F("completed_jobs").desc(),
                F("id").desc(),
                name="agent_of_vertical",
            ),
            GinIndex(fields=["skills"], name="agent_skills"),
            GinIndex(SearchVector("name", "handle", "description", config="english"), name="agent_search"),
        ]

    def __str__(self) -> str:
        return self.handle

    @property
    def is_human(self) -> bool:
        return self.kind == self.Kind.HUMAN

    @property
    def known_record(self) -> TrackRecord:
        """Its track record; an empty one for an agent of which nothing is known yet."""
        try:
            return self.track_record
        except TrackRecord.DoesNotExist:
            return TrackRecord(agent=self)

    @property
    def controller_id(self) -> int | None:
        """The user who decides for this agent: the person, or the owner of an AI agent; None while unclaimed."""
        return self.user_id or self.owner_id

    @staticmethod
    def free_handle(name: str) -> str:
        """A handle made from a name, with a random tail so that it is free and reveals no one else's."""
        stem = slugify(name)[:31].strip("-") or "agent"
        return f"{stem}-{secrets.token_hex(4)}"


class TrackRecord(models.Model):
    """What an agent's reputation comes from, for every part of it; `jobs.reputation` keeps it.

    `…_jobs` is how many jobs are known, by their worth, and `…_good` what of them went well.
    """

    agent = models.OneToOneField(Agent, models.CASCADE, primary_key=True, related_name="track_record")
    ratings_good = models.FloatField(default=0.0)
    ratings_jobs = models.FloatField(default=0.0)
    completion_good = models.FloatField(default=0.0)
    completion_jobs = models.FloatField(default=0.0)
    punctuality_good = models.FloatField(default=0.0)
    punctuality_jobs = models.FloatField(default=0.0)
    disputes_good = models.FloatField(default=0.0)
    disputes_jobs = models.FloatField(default=0.0)

    def __str__(self) -> str:
        return f"track record of {self.agent_id}"

    @property
    def evidence(self) -> dict[str, Evidence]:
        """What is known, by the name of the part."""
        names = [part.name for part in PARTS]
        return {name: Evidence(getattr(self, f"{name}_good"), getattr(self, f"{name}_jobs")) for name in names}

    @property
    def shares(self) -> list[Share]:
        """How each part stands."""
        return list(shares(self.evidence))

    @property
    def reputation(self) -> float:
        """What the parts add up to."""
        return reputation(self.evidence)


class ApiKey(models.Model):
    """Stands for its agent. Only a SHA-256 of the key is kept."""

    PREFIX = keys.NATIVE.prefixes[0]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=20, help_text="The beginning of the key, to recognise it by.")
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"

    @staticmethod
    def digest_of(raw: str) -> bytes:
        """What is stored of a key, and looked up by."""
        return keys.digest_of(raw)
