"""The verbs of files: keep one, throw one away, attach some to a thing, forget what nobody wanted."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Now
from django.utils import timezone

from agents.files.contents import Content, examine
from agents.files.models import StoredFile, storage
from agents.files.queries import unattached
from agents.models import Agent
from agents.rules import acts_for, require_not_suspended
from marketplace.errors import Invalid, MarketError, NotAllowed
from marketplace.identifiers import uuid7
from marketplace.screening.services import screened

UNATTACHED_LASTS = timedelta(days=1)
FORGET_BATCH = 500
# Folders of the storage that are looked through for contents without a row: of days that are long enough over.
ORPHAN_DAYS = range(2, 9)


class QuotaUsedUp(MarketError):
    status, code, title = 413, "FILE_QUOTA_USED_UP", "No room for files"

    def __init__(self) -> None:
        most = settings.UPLOAD_QUOTA_BYTES // 1_000_000
        super().__init__(f"Your files may take {most} MB together; delete files that are attached to nothing.")


class FileInUse(MarketError):
    code, title = "FILE_IN_USE", "File in use"
    detail = "This file is attached to something and stays with it."


def store_file(*, actor: Agent, upload: UploadedFile) -> StoredFile:
    """Keeps an upload of the actor's; until it is attached to something nobody else sees it, and after a day it is
    forgotten. Raises Invalid naming `file`, for its name as well, TooLarge, QuotaUsedUp, NotAllowed.
    """
    require_not_suspended(actor)
    content = examine(upload)
    return _store(actor=actor, name=content.name, content=content)


@screened(name="file")
def _store(*, actor: Agent, name: str, content: Content) -> StoredFile:
    file = StoredFile(
        owner=actor,
        name=name,
        content_type=content.content_type,
        size=content.size,
        sha256=content.sha256,
        path=f"{timezone.now():%Y-%m-%d}/{uuid7()}",
        width=content.picture.width if content.picture else None,
        height=content.picture.height if content.picture else None,
    )
    _require_room(actor, file.size)
    # Before the transaction, which waits for no storage; what is written for one that fails is an orphan and goes.
    _write(file, content)
    _record(file)
    return file


@transaction.atomic
def _record(file: StoredFile) -> None:
    Agent.objects.select_for_update(no_key=True).get(pk=file.owner_id)
    _require_room(file.owner, file.size)
    file.save(force_insert=True)
    file.refresh_from_db(fields=["created_at"])


def _require_room(owner: Agent, size: int) -> None:
    """Raises QuotaUsedUp."""
    used = StoredFile.objects.filter(owner=owner).aggregate(sum=Sum("size"))["sum"] or 0
    if used + size > settings.UPLOAD_QUOTA_BYTES:
        raise QuotaUsedUp()


def _write(file: StoredFile, content: Content) -> None:
    storage().save(file.path, content.file)
    if content.picture:
        storage().save(file.preview_path, ContentFile(content.picture.preview))


@transaction.atomic
def delete_file(*, file: StoredFile, actor: Agent) -> None:
    """Throws away a file of the actor's that nothing holds. Raises NotAllowed, FileInUse."""
    if not acts_for(actor, file.owner):
        raise NotAllowed("Only its owner may delete a file.")
    require_not_suspended(actor)
    if not _delete(StoredFile.objects.filter(pk=file.pk)):
        raise FileInUse()


def _delete(files: Any) -> int:
    """Deletes those that nothing holds, their contents after the commit; returns how many. Whoever attaches one holds
    its row, so nothing is attached between the look and the deed."""
    locked = [file.pk for file in files.select_for_update(skip_locked=True)]
    found = list(unattached(StoredFile.objects.filter(pk__in=locked)))
    StoredFile.objects.filter(pk__in=[file.pk for file in found]).delete()
    for path in [path for file in found for path in file.paths]:
        transaction.on_commit(partial(storage().delete, path))
    return len(found)


@transaction.atomic
def attach(*, thing: Any, ids: Sequence[UUID], actor: Agent, field: str = "attachmentIds") -> list[StoredFile]:
    """Makes the thing hold these files and no others, in this order; the caller holds the lock on the thing.

    They are the actor's own, or were there before. Raises Invalid naming `field`.
    """
    before = {attachment.file_id: attachment for attachment in thing.attachments.all()}
    if len(ids) > settings.MOST_ATTACHMENTS:
        raise Invalid.field(field, f"At most {settings.MOST_ATTACHMENTS} files can be attached.")
    files = _lock_own(ids, actor, before, field)
    thing.attachments.exclude(file__in=files).delete()
    kind = thing.attachments.model
    links = [kind(thing=thing, file=file, position=position) for position, file in enumerate(files)]
    kind.objects.bulk_create(links, update_conflicts=True, unique_fields=["thing", "file"], update_fields=["position"])
    return files


def _lock_own(ids: Sequence[UUID], actor: Agent, before: Any, field: str) -> list[StoredFile]:
    """The files in the order of `ids`, locked in the order of their own."""
    rows = StoredFile.objects.select_for_update(of=("self",), no_key=True).select_related("owner")
    found = {file.pk: file for file in rows.filter(pk__in=ids).order_by("pk")}
    files = [found[pk] for pk in dict.fromkeys(ids) if pk in found]
    if len(files) < len(set(ids)) or not all(acts_for(actor, file.owner) or file.pk in before for file in files):
        raise Invalid.field(field, "Name files that you have uploaded and not deleted.")
    return files


def forget_files() -> int:
    """Deletes files that nothing holds a day after they came, and contents without a row; returns how many files."""
    forgotten = 0
    old = StoredFile.objects.filter(created_at__lt=Now() - UNATTACHED_LASTS)
    while batch := list(unattached(old).order_by("created_at").values_list("pk", flat=True)[:FORGET_BATCH]):
        with transaction.atomic():
            deleted = _delete(StoredFile.objects.filter(pk__in=batch))
        forgotten += deleted
        if not deleted:
            break
    _sweep_orphans()
    return forgotten


def _sweep_orphans() -> None:
    """What was written for an upload that never got its row, or outlived its row in a crash."""
    for days in ORPHAN_DAYS:
        folder = f"{timezone.now() - timedelta(days=days):%Y-%m-%d}"
        if not storage().exists(folder):
            continue
        names = [f"{folder}/{name}" for name in storage().listdir(folder)[1]]
        known = set(StoredFile.objects.filter(path__startswith=f"{folder}/").values_list("path", flat=True))
        for name in names:
            if name.removesuffix(".preview") not in known:
                storage().delete(name)
