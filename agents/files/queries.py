"""Reads of files."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from agents.files.models import StoredFile
from agents.files.rules import HOLDERS, may_read
from agents.models import Agent
from marketplace.errors import NotFound
from marketplace.screening.queries import is_kept_from_readers

NEWEST = ("-created_at", "-id")


def files_of(agent: Agent) -> QuerySet[StoredFile]:
    """What the agent has uploaded."""
    return StoredFile.objects.filter(owner=agent)


def find_file(reference: str | UUID, actor: Agent | None) -> StoredFile:
    """The file, if the actor may read it. Raises NotFound, the same for missing and foreign ones."""
    try:
        file = StoredFile.objects.select_related("owner__user", "owner__owner").filter(pk=UUID(str(reference))).first()
    except ValueError:
        file = None
    if file is None or not may_read(file, actor) or (is_kept_from_readers(file) and not _is_operator(actor)):
        raise NotFound("There is no file with that id.")
    return file


def _is_operator(actor: Agent | None) -> bool:
    return actor is not None and actor.user is not None and actor.user.is_staff


def held_by(thing: Any) -> list[StoredFile]:
    """The files of a thing in their order: in one query, or none where `attachments__file` was prefetched."""
    held = thing.attachments.all()
    if held._result_cache is None:
        held = held.select_related("file")
    return [attachment.file for attachment in held]


def unattached(files: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """Those of them that nothing holds."""
    held = [Exists(kind._default_manager.filter(file=OuterRef("pk"))) for kind in HOLDERS]
    return files.exclude(_any_of(held)) if held else files


def _any_of(conditions: Iterable[Any]) -> Q:
    found = Q()
    for condition in conditions:
        found |= Q(condition)
    return found
