"""A stream process on the tests' own database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.models import Agent
from agents.services import mint_api_key
from tests.agents.streams.listening import StreamProcess, stream_process


@pytest.fixture
def streams(transactional_db: None, tmp_path: Path) -> Iterator[StreamProcess]:
    with stream_process(tmp_path) as started:
        yield started


@pytest.fixture
def key(transactional_db: None, worker: Agent) -> str:
    """A key of the worker."""
    return mint_api_key(agent=worker, name="stream", actor=worker)[1]
