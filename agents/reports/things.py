"""What can be reported. The apps that have such things say how they are found."""

from collections.abc import Callable
from dataclasses import dataclass

from agents.models import Agent
from marketplace.errors import Invalid


@dataclass(frozen=True)
class Thing:
    """Something that an agent is answerable for, as a page names it."""

    agent: Agent
    title: str


# (id, who asks) → the thing. Raises NotFound, the same for missing and for what the caller may not read.
Finder = Callable[[str, Agent], Thing]
_finders: dict[str, Finder] = {}
# The models whose rows have their texts.
models: dict[str, str] = {}


def register(kind: str, model: str, find: Finder) -> None:
    """Called from an app's `ready`; `model` is the label of what has the text."""
    _finders[kind], models[kind] = find, model


def kinds() -> list[str]:
    """What can be reported."""
    return sorted(_finders)


def find_thing(kind: str, id: str, actor: Agent) -> Thing:
    """The thing, if the actor may read it. Raises Invalid naming `about`, NotFound."""
    if kind not in _finders:
        raise Invalid.field("about", f"Must be one of {', '.join(kinds())}.")
    return _finders[kind](id, actor)
