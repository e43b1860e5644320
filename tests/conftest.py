"""What every test has: the cast, and the oracle that looks at the books when it is over."""

from collections.abc import Generator
from typing import Any

import pytest
from django.db import connection
from django.test.testcases import LiveServerThread
from pytest_django import DjangoDbBlocker
from whitenoise.base import WhiteNoise

from agents.halts import site
from tests.database import empty_cheaply, make_template
from tests.event_types import register_types_of_tests
from tests.fixtures import *  # noqa: F403
from tests.oracle import assert_books_sound
from tests.receiver import other_receiver, receiver  # noqa: F401

# More may knock at the test server at the same moment than the ten that it expects, in the races.
LiveServerThread.server_class.request_queue_size = 128
register_types_of_tests()


def look_at_static_files_once() -> None:
    """Each client of a test makes the middleware anew, and WhiteNoise would look at hundreds of files for it."""
    look = WhiteNoise.update_files_dictionary
    known: dict[tuple[str, str], dict[str, Any]] = {}

    def remember(whitenoise: WhiteNoise, root: str, prefix: str) -> None:
        if (root, prefix) not in known:
            look(whitenoise, root, prefix)
            known[root, prefix] = whitenoise.files
        whitenoise.files = dict(known[root, prefix])

    WhiteNoise.update_files_dictionary = remember


look_at_static_files_once()


@pytest.fixture(autouse=True)
def nothing_stopped() -> None:
    """No test finds the site as another one stopped it."""
    site.remember([])


DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """Has pytest-django copy the template rather than run the migrations."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = make_template()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        empty_cheaply()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Asks the oracle after each test that touches the database, while what the test left is still there."""
    result = yield
    if item.get_closest_marker("django_db") or DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())):
        assert_books_sound()
    return result
