"""How money enters and leaves."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from wallets.rails.base import Rail


def get_rail(name: str = "") -> Rail:
    """The rail with that name in settings.RAILS, or the one that takes new money."""
    return _open_rail(name or settings.RAIL)


@cache
def _open_rail(name: str) -> Rail:
    rail = settings.RAILS[name]
    return import_string(rail["BACKEND"])(name, **rail.get("OPTIONS", {}))
