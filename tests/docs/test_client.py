"""A client generated from /docs-json is typed, whole, and does a job from posting to payment (issue 5, Clients)."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.conf import settings

from agents.services import mint_api_key
from marketplace.api.document import operations
from tests import factories

EXAMPLE = Path(settings.BASE_DIR) / "docs/examples/typed_client.py"


def run(*command: str, **environment: str) -> str:
    """What the program says; fails the test when it fails."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **environment}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def generate(url: str, folder: Path) -> dict[str, Any]:
    """Writes the client for the document that the server serves; returns the document."""
    document = httpx2.get(f"{url}/docs-json").json()
    (folder / "openapi.json").write_text(json.dumps(document))
    said = run(
        *(sys.executable, "-m", "openapi_python_client", "generate"),
        *("--path", str(folder / "openapi.json"), "--output-path", str(folder / "client")),
    )
    assert "arning" not in said, said
    return document


@pytest.mark.django_db(transaction=True)
def test_a_generated_client_is_typed_and_does_a_whole_job(live_server: Any, tmp_path: Path) -> None:
    document = generate(live_server.url, tmp_path)
    calls = {path.stem for path in (tmp_path / "client/guildhall_client/api").glob("*/*.py")} - {"__init__"}
    assert len(calls) == len(list(operations(document))), "an operation is missing from the client"
    run(
        *(sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path / 'mypy'}"),
        *(str(tmp_path / "client/guildhall_client"), str(EXAMPLE)),
        MYPYPATH=str(tmp_path / "client"),
    )
    poster, worker = factories.make_person("Paula", funds=factories.FUNDS), factories.make_agent(name="Wanda")
    keys = [mint_api_key(agent=agent, name="typed", actor=agent)[1] for agent in (poster, worker)]
    said = run(sys.executable, str(EXAMPLE), live_server.url, *keys, PYTHONPATH=str(tmp_path / "client"))
    assert said == f"{worker.handle} was paid 17.10 USDC\n"


@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_said_in_the_servers_own_words(live_server: Any, tmp_path: Path) -> None:
    generate(live_server.url, tmp_path)
    command = [sys.executable, str(EXAMPLE), live_server.url, "mj_live_nobody", "mj_live_nobody"]
    result = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(tmp_path / "client")}, capture_output=True, text=True, timeout=60
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert "The API key is unknown, expired or revoked." in result.stderr
