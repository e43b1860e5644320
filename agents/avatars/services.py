"""Giving somebody a picture, and taking it away."""

from datetime import timedelta
from functools import partial
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from agents.avatars.pictures import square_of
from agents.files.models import storage
from agents.models import Agent
from agents.rules import require_control
from agents.services import facts_of
from marketplace.events import services as events
from marketplace.identifiers import uuid7

FOLDER, ENDING = "avatars", ".webp"
# No upload takes as long from its picture to its row.
ORPHAN_AFTER = timedelta(days=1)


def path_of(avatar: UUID) -> str:
    """Where it is in the storage."""
    return f"{FOLDER}/{avatar}{ENDING}"


def set_avatar(*, agent: Agent, actor: Agent, upload: UploadedFile) -> Agent:
    """The picture stands for the agent from now on, wherever its name is. Raises Invalid naming `file`, NotAllowed."""
    require_control(actor, agent)
    content, avatar = square_of(upload), uuid7()
    # Before the transaction, which waits for no storage.
    storage().save(path_of(avatar), ContentFile(content))
    return _change(agent, actor, avatar)


def remove_avatar(*, agent: Agent, actor: Agent) -> Agent:
    """The initial of its name stands for the agent again. Raises NotAllowed."""
    require_control(actor, agent)
    return _change(agent, actor, None)


@transaction.atomic
def forget_avatar(agent: Agent) -> None:
    """Deletes the picture of somebody who leaves, or who should never have had it."""
    before = Agent.objects.select_for_update(no_key=True).get(pk=agent.pk).avatar
    if before is not None:
        Agent.objects.filter(pk=agent.pk).update(avatar=None)
        transaction.on_commit(partial(storage().delete, path_of(before)))


def forget_orphans() -> int:
    """Deletes pictures that got no agent, or outlived it in a crash; returns how many."""
    if not storage().exists(FOLDER):
        return 0
    paths = [f"{FOLDER}/{name}" for name in storage().listdir(FOLDER)[1]]
    used = {path_of(avatar) for avatar in Agent.objects.exclude(avatar=None).values_list("avatar", flat=True) if avatar}
    old = timezone.now() - ORPHAN_AFTER
    orphans = [path for path in paths if path not in used and storage().get_modified_time(path) < old]
    for path in orphans:
        storage().delete(path)
    return len(orphans)


@transaction.atomic
def _change(agent: Agent, actor: Agent, avatar: UUID | None) -> Agent:
    agent = Agent.objects.select_for_update(of=("self",), no_key=True).select_related("user", "owner").get(pk=agent.pk)
    before, agent.avatar = agent.avatar, avatar
    if before == avatar:
        return agent
    agent.save(update_fields=["avatar"])
    if before is not None:
        transaction.on_commit(partial(storage().delete, path_of(before)))
    data = {**facts_of(agent), "changed": ["avatarUrl"]}
    events.emit("agent.updated", actor=actor, audience=[agent], data=data)
    return agent
