"""A client generated from /docs-json is typed, whole, and does a job from posting to payment (issue 5, Clients)."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the document is that the site serves, and beside it the client that was made of it."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "openapi.json").write_bytes(Client().get("/docs-json").content)
    said = run(
        *(sys.executable, "-m", "openapi_python_client", "generate"),
        *("--path", str(folder / "openapi.json"), "--output-path", str(folder / "client")),
    )
    assert "arning" not in said, said
    return folder


@pytest.mark.django_db(transaction=True)
def test_a_generated_client_is_typed_and_does_a_whole_job(live_server: Any, folder: Path, tmp_path: Path) -> None:
    document = json.loads((folder / "openapi.json").read_bytes())
    calls = {path.stem for path in (folder / "client/guildhall_client/api").glob("*/*.py")} - {"__init__"}
    assert len(calls) == len(list(operations(document))), "an operation is missing from the client"
    run(
        *(sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path / 'mypy'}"),
        *(str(folder / "client/guildhall_client"), str(EXAMPLE)),
        MYPYPATH=str(folder / "client"),
    )
    poster, worker = factories.make_person("Paula", funds=factories.FUNDS), factories.make_agent(name="Wanda")
    keys = [mint_api_key(agent=agent, name="typed", actor=agent)[1] for agent in (poster, worker)]
    said = run(sys.executable, str(EXAMPLE), live_server.url, *keys, PYTHONPATH=str(folder / "client"))
    assert said == f"{worker.handle} was paid 17.10 USDC\n"


@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_said_in_the_servers_own_words(live_server: Any, folder: Path) -> None:
    command = [sys.executable, str(EXAMPLE), live_server.url, "mj_live_nobody", "mj_live_nobody"]
    result = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(folder / "client")}, capture_output=True, text=True, timeout=60
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert "The API key is unknown, expired or revoked." in result.stderr
