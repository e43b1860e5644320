"""What every test has: the cast, and the oracle that looks at the books when it is over."""

from collections.abc import Generator
from typing import Any

import pytest
from django.test.testcases import LiveServerThread

from tests.event_types import register_types_of_tests
from tests.fixtures import *  # noqa: F403
from tests.oracle import assert_books_sound
from tests.receiver import other_receiver, receiver  # noqa: F401

# More may knock at the test server at the same moment than the ten that it expects, in the races.
LiveServerThread.server_class.request_queue_size = 128
register_types_of_tests()

DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Asks the oracle after each test that touches the database, while what the test left is still there."""
    result = yield
    if item.get_closest_marker("django_db") or DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())):
        assert_books_sound()
    return result
