"""Real servers and Django for the tests: loaded before anything that may import a model.

The embedded servers keep their files in .data/test and skip what only a power cut would need. Each xdist worker has a
Redis database of its own, and a PostgreSQL database of its own from pytest-django.
"""

import atexit
import os
import re
import shutil
import sys
from contextlib import ExitStack

import pytest

import manage
from marketplace import embedded

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
REQUIRE_CHROMIUM = os.environ.get("GUILDHALL_REQUIRE_CHROMIUM") == "1"
# Begun before all others: no worker shall be busy with one of them when the rest is done.
LONGEST = ("tests/bench/", "tests/browser/", "tests/faults/")


def take_servers() -> None:
    os.environ.setdefault("GUILDHALL_DATA", ".data/test")
    os.environ |= {"GUILDHALL_LOCAL": "1", "GUILDHALL_DATA_DISPOSABLE": "1"}
    # On a busy machine a race of dozens takes longer than a caller would be kept waiting.
    os.environ.setdefault("DATABASE_LOCK_TIMEOUT_MS", "30000")
    # Races have 64 contestants, each on a connection of its own.
    os.environ.setdefault("DATABASE_POOL_SIZE", "70")
    os.environ.setdefault("EMBEDDED_RAIL_DELAY_SECONDS", "0")
    # The races place hundreds of bids for the same few agents; tests of the allowance set their own.
    os.environ.setdefault("BID_CREDITS_MONTHLY", "1000000")
    os.environ.setdefault("DISPUTES_PER_DAY", "1000000")
    # All tests share one address and few people; those of limits set their own.
    for scope in (
        *("ANONYMOUS", "KEY", "LOGIN", "SIGNUP", "REGISTRATION", "PASSWORD_RESET", "MOLTED"),
        *("PROGRAM_REGISTRATION", "PROGRAM_LOGIN", "PROGRAM_TOKEN", "DEVICE_CODE", "SECOND_FACTOR"),
    ):
        os.environ.setdefault(f"THROTTLE_{scope}", "1000000/m")
        os.environ.setdefault(f"THROTTLE_{scope}_ACCOUNT", "1000000/m")
    os.environ.setdefault("ACCOUNT_ANSWER_SECONDS", "0")
    # What a test has just done, the next line lists.
    os.environ.setdefault("LIST_CACHE_SECONDS", "0")
    # Each test begins with nothing stopped (tests/conftest.py), and hears at once of what it stops itself.
    os.environ.setdefault("HALT_MEMORY_SECONDS", "1000000")
    if not WORKER:
        manage.leave_on_signals()
    lease = ExitStack()
    atexit.register(lease.close)
    lease.enter_context(embedded.running(say=manage.tell))
    number = int(WORKER.removeprefix("gw")) + 1 if WORKER else 0
    os.environ["REDIS_URL"] = with_database(os.environ.get("REDIS_URL") or embedded.redis_url(), number)


def with_database(redis_url: str, number: int) -> str:
    base = re.sub(r"(\?db=|(?<=[^/])/)\d+$", "", redis_url).rstrip("/")
    return f"{base}?db={number}" if base.startswith("unix:") else f"{base}/{number}"


def set_up_django() -> None:
    if "marketplace.settings" in sys.modules:
        raise pytest.UsageError("Unset DJANGO_SETTINGS_MODULE: pytest-django has read it before the servers were up.")
    import django
    from django.conf import settings
    from django.core.management import call_command

    os.environ["DJANGO_SETTINGS_MODULE"] = "marketplace.settings"
    django.setup()
    # What makes a password slow to guess makes people slow to make.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # xdist's workers inherit the environment, and have to take their servers before they read the settings.
    del os.environ["DJANGO_SETTINGS_MODULE"]
    if not WORKER:
        # Pages name static files by their hash, as in production.
        call_command("collectstatic", verbosity=0, interactive=False)


take_servers()
set_up_django()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; skips without one unless GUILDHALL_REQUIRE_CHROMIUM=1."""
    if CHROMIUM is None:
        (pytest.fail if REQUIRE_CHROMIUM else pytest.skip)("Chromium is missing; on Debian: apt-get install chromium")
    return CHROMIUM


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if CHROMIUM is None:
        terminalreporter.section("CHROMIUM IS MISSING", sep="!", red=True, bold=True)
        terminalreporter.line("The tests in a real browser did not run. On Debian: apt-get install chromium")
