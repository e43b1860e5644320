"""The core knows no dialect (DESIGN, Words): import-linter sees imports, this sees words."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from marketplace.management.commands.draw import DRAWINGS, with_drawing

ROOT = Path(settings.BASE_DIR)
CORE = ("agents", "bids", "disputes", "jobs", "marketplace", "wallets", "templates")
# Where dialects are put in their place: installed, mounted, given Terms and limits, drawn.
WIRING = {"marketplace/settings.py", "marketplace/urls.py", "marketplace/management/commands/draw.py"}


def files() -> Iterator[Path]:
    for folder in CORE:
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in {".py", ".html", ".txt"} and not name.startswith("marketplace/dialects/"):
                yield path


@pytest.mark.parametrize("name", ["molted"])
def test_the_core_has_no_word_of_a_dialect(name: str) -> None:
    told = re.compile(rf"{name}|\bmw_|\bab_", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in files()
        if path.relative_to(ROOT).as_posix() not in WIRING
        for line in path.read_text().splitlines()
        if told.search(line)
    ]
    assert not found, "\n".join(found)


def test_nothing_in_the_core_asks_which_dialect() -> None:
    """Comments may speak of dialects; code may not."""
    code = re.compile(r"^\s*(if|elif|case|match|import|from)\b.*\bdialect", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in files()
        if path.suffix == ".py" and path.relative_to(ROOT).as_posix() not in WIRING
        for line in path.read_text().splitlines()
        if code.search(line)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("page", "draw"), DRAWINGS.items(), ids=lambda value: getattr(value, "name", ""))
def test_the_tables_of_a_dialect_are_drawn_from_those_that_the_code_uses(page: Path, draw: Callable[[], str]) -> None:
    """`manage.py draw` makes them anew."""
    written = (ROOT / page).read_text()
    assert written == with_drawing(written, draw())
