"""Who may read a file: its owner, and whoever may read a thing that holds it."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from agents.files.models import Attachment, StoredFile
from agents.models import Agent
from agents.rules import acts_for

MayRead = Callable[[Any, Agent | None], bool]
# Kinds of attachments, and who may read the thing that holds one; filled by `register` when apps are ready.
HOLDERS: dict[type[Attachment], list[MayRead]] = defaultdict(list)


def register(kind: type[Attachment], may_read: MayRead) -> None:
    """Makes files of that kind readable for those of whom `may_read(thing, actor)` says so, besides those who may
    already."""
    HOLDERS[kind].append(may_read)


def may_read(file: StoredFile, actor: Agent | None) -> bool:
    """Whether the actor may know of the file at all; None is a visitor."""
    if acts_for(actor, file.owner):
        return True
    return any(
        rule(attachment.thing, actor)
        for kind, rules in HOLDERS.items()
        for attachment in kind._default_manager.filter(file=file)
        for rule in rules
    )
