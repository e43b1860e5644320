"""Uploaded files, and how things hold them."""

import re
from typing import Any

import pgtrigger
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse

from agents.models import Agent
from marketplace.identifiers import uuid7
from marketplace.screening.texts import Texts

LONGEST_NAME = 150
UNFIT_FOR_ADDRESSES = re.compile(r"[/\x00-\x1f]")


def storage() -> Storage:
    """Where the contents are: the storage `uploads` of the settings."""
    return storages["uploads"]


class StoredFile(models.Model):
    """A file that was uploaded and checked; it stays as it is. Images are as we encoded them anew."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(Agent, models.PROTECT, related_name="files", db_index=False)
    name = models.CharField(max_length=LONGEST_NAME, help_text="As its owner called it, made harmless.")
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=100, unique=True, help_text="In the storage; nothing of it is the owner's.")
    width = models.PositiveIntegerField(null=True, blank=True, help_text="Pixels of an image.")
    height = models.PositiveIntegerField(null=True, blank=True, help_text="Pixels of an image.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    screened_texts = Texts(("name",))

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="file_of_owner"),
            models.Index(fields=["created_at"], name="file_by_age"),
            models.Index(fields=["sha256"], name="file_of_content"),
        ]
        triggers = [pgtrigger.Protect(name="files_stay_as_they_are", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("file", args=[self.pk, UNFIT_FOR_ADDRESSES.sub("_", self.name)])

    @property
    def is_image(self) -> bool:
        return self.width is not None

    @property
    def preview_path(self) -> str:
        """Of a smaller picture of an image, beside it in the storage."""
        return f"{self.path}.preview"

    @property
    def paths(self) -> list[str]:
        """All that the storage keeps of it."""
        return [self.path, self.preview_path] if self.is_image else [self.path]


class Attachment(models.Model):
    """One file of one thing. A kind of thing that holds files has a subclass of this with a foreign key `thing`, whose
    related_name is `attachments`, and says in `agents.files.rules.register` who may read what it holds."""

    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)
    thing: Any

    class Meta:
        abstract = True
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["thing", "file"], name="%(class)s_once")]

    def __str__(self) -> str:
        return f"{self.file_id} of {self.thing_id}"  # type: ignore[attr-defined]
