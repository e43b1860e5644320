from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand

from disputes.phases import drawn as draw_disputes
from jobs.lifecycle import STATUS_MOVES, TRANSITIONS
from marketplace.api.schema import schema_of
from marketplace.dialects.molted.page import drawn as draw_molted
from marketplace.events.types import EventType, all_types

LIFECYCLE = Path("docs/lifecycle.md")
EVENTS = Path("docs/events.md")
# Other pages, and what draws their tables.
DRAWINGS: dict[Path, Callable[[], str]] = {
    Path("docs/molted.md"): draw_molted,
    Path("docs/disputes.md"): draw_disputes,
}
# What is drawn on a page that is written otherwise stands between these two.
DRAWN = "<!-- drawn by manage.py draw -->\n"
END = "<!-- end -->\n"


class Command(BaseCommand):
    help = "Draws docs/lifecycle.md, and what other pages of docs/ have drawn of the code."

    def handle(self, *args: Any, **options: Any) -> None:
        (settings.BASE_DIR / LIFECYCLE).write_text(lifecycle_page())
        page = settings.BASE_DIR / EVENTS
        page.write_text(events_page(page.read_text(), all_types()))
        for name, draw in DRAWINGS.items():
            page = settings.BASE_DIR / name
            page.write_text(with_drawing(page.read_text(), draw()))
        self.stdout.write(f"Drew {', '.join(map(str, (LIFECYCLE, EVENTS, *DRAWINGS)))}.")


def lifecycle_page() -> str:
    """The page: a diagram of the statuses and the table of verbs."""
    return "\n".join(
        [
            "# The lifecycle of a job",
            "",
            "Drawn by `manage.py draw` from the table in `jobs/lifecycle.py`; a test keeps it true. The same table",
            "guards the services, makes `availableActions` and the buttons of the pages, and becomes the PostgreSQL",
            "trigger that refuses any other move.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            "    [*] --> DRAFT",
            *_arrows(),
            "    COMPLETED --> [*]",
            "    CANCELLED --> [*]",
            "```",
            "",
            "| verb | from | to | who | then |",
            "|---|---|---|---|---|",
            *_rows(),
            "",
        ]
    )


def _arrows() -> list[str]:
    verbs: dict[tuple[str, str], list[str]] = {move: [] for move in STATUS_MOVES}
    for transition in TRANSITIONS.values():
        if transition.target is not None:
            for source in transition.sources:
                verbs[source.value, transition.target.value].append(transition.verb)
    return [f"    {source} --> {target}: {', '.join(names)}" for (source, target), names in verbs.items()]


def _rows() -> list[str]:
    return [
        f"| {t.verb} | {', '.join(t.sources)} | {t.target or 'stays'} | {t.who.value} | {t.then} |"
        for t in TRANSITIONS.values()
    ]


def events_page(written: str, types: Sequence[EventType]) -> str:
    """The page as it is written, with the table of these types in its place."""
    rows = [f"| `{type.name}` | {_meaning(type)} | {_members(type)} |" for type in types]
    return with_drawing(written, "\n".join(["| type | sent when | data |", "|---|---|---|", *rows, ""]))


def with_drawing(written: str, drawing: str) -> str:
    """The page as it is written, with the drawing in its place."""
    before, _, rest = written.partition(DRAWN)
    _, _, after = rest.partition(END)
    return "".join([before, DRAWN, drawing, END, after])


def _meaning(type: EventType) -> str:
    return f"{type.summary} *Not sent yet.*" if type.upcoming else type.summary


def _members(type: EventType) -> str:
    """The members of its data; a question mark at those that may be absent."""
    schema = schema_of(type.data)
    required = schema.get("required", [])
    return ", ".join(f"`{name}`{'' if name in required else '?'}" for name in schema["properties"])
