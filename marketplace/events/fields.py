"""Members of events that hold what somebody wrote."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers


@dataclass(frozen=True)
class Of:
    """A thing of this model, which the member `key` names by its attribute `by`; without a key, any of the event's job.

    What stands `alone` is a copy of that column of it.
    """

    model: str
    key: str = ""
    by: str = "pk"
    alone: str = ""


class Written:
    """Says whose text it is; it may `also` be that of something else.

    When operators hide the texts of the thing, they hide it here as well; a copy only when they hid that column.
    """

    def __init__(self, of: str, key: str, *, by: str = "pk", alone: str = "", also: Sequence[Of] = (), **kwargs: Any):
        super().__init__(**kwargs)
        self.of = (Of(of, key, by, alone), *also)


class WrittenField(Written, serializers.CharField):
    """A text."""


class WrittenList(Written, serializers.ListField):
    """A list of texts."""
