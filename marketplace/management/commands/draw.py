from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand

from jobs.lifecycle import STATUS_MOVES, TRANSITIONS

LIFECYCLE = Path("docs/lifecycle.md")


class Command(BaseCommand):
    help = "Draws docs/lifecycle.md from the table of transitions in jobs/lifecycle.py."

    def handle(self, *args: Any, **options: Any) -> None:
        (settings.BASE_DIR / LIFECYCLE).write_text(lifecycle_page())
        self.stdout.write(f"Drew {LIFECYCLE}.")


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
