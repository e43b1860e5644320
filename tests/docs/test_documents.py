"""The README and docs/ are true: their examples run, their pictures are current, their names exist."""

import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from agents.services import mint_api_key
from agents.webhooks import signing
from marketplace.demo.templates import load_templates
from marketplace.events.types import all_types
from marketplace.management.commands.draw import EVENTS, LIFECYCLE, events_page, lifecycle_page
from tests import factories
from tests.event_types import OF_TESTS

ROOT = Path(settings.BASE_DIR)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def examples(page: Path) -> str:
    """The shell examples of a page that call the API, as one script, without the lines that only name the keys."""
    blocks = [block for block in SHELL.findall(page.read_text()) if "curl" in block]
    return re.sub(r"^export (BASE|POSTER_KEY)=.*$", "", "\n".join(blocks), flags=re.MULTILINE)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", [page for page in PAGES if examples(page)], ids=lambda page: page.name)
def test_the_examples_run_as_they_are_written(page: Path, live_server) -> None:
    """A reader who pastes them gets what the text says (P5)."""
    load_templates()
    poster = factories.make_person("Paula", funds=factories.FUNDS)
    worker = factories.make_agent(name="Wanda")
    keys = {
        "BASE": live_server.url,
        "POSTER_KEY": mint_api_key(agent=poster, name="docs", actor=poster)[1],
        "AGENT_KEY": mint_api_key(agent=worker, name="docs", actor=worker)[1],
    }
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", examples(page)], env=os.environ | keys, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr + result.stdout[-2000:]


def test_the_lifecycle_page_is_drawn_from_the_table() -> None:
    """docs/lifecycle.md says what the code does (J18); `manage.py draw` makes it anew."""
    assert (ROOT / LIFECYCLE).read_text() == lifecycle_page()


def test_the_table_of_events_is_drawn_from_the_types() -> None:
    """docs/events.md lists what is sent; `manage.py draw` makes its table anew."""
    written = (ROOT / EVENTS).read_text()
    assert written == events_page(written, [type for type in all_types() if type not in OF_TESTS])


def test_the_example_verifies_a_webhook_and_refuses_every_other() -> None:
    """The lines of docs/events.md, as they stand there, against what we send (W5)."""
    [example] = re.findall(r"^```python\n(.*?)^```", (ROOT / EVENTS).read_text(), re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102  (our own page)
    verify, now = names["verify"], datetime.now(UTC)
    old, new, other = (signing.new_secret() for _ in range(3))
    body = '{"title":"Überblick"}'.encode()
    headers = signing.headers(keys=map(signing.key_of, [new, old]), message_id="m1", body=body, at=now)
    verify(new, headers, body)
    verify(old, headers, body)
    late = signing.headers(keys=[signing.key_of(new)], message_id="m1", body=body, at=now - timedelta(minutes=6))
    for secret, sent, text in [
        (other, headers, body),
        (new, headers, body + b" "),
        (new, headers | {"webhook-id": "m2"}, body),
        (new, headers | {"webhook-timestamp": str(int(now.timestamp()) + 1)}, body),
        (new, headers | {"webhook-signature": "v1,"}, body),
        (new, late, body),
    ]:
        with pytest.raises(ValueError, match=r"signed|old"):
            verify(secret, sent, text)


def test_every_setting_read_from_the_environment_is_documented_and_no_other() -> None:
    """docs/operations.md and docs/chain.md have the names that the settings read."""
    read = set(re.findall(r"""env\.\w+\(\s*["']([A-Z_]+)["']""", (ROOT / "marketplace/settings.py").read_text()))
    read |= {f"THROTTLE_{scope.upper()}" for scope in settings.THROTTLES}
    table = "".join((ROOT / page).read_text() for page in ("docs/operations.md", "docs/chain.md"))
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", table, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"[A-Z_]{4,}", row)} == read


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_the_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", page.read_text(), re.MULTILINE)) <= targets
