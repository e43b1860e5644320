"""Types of events that only tests send: of anything, to anybody. tests/conftest.py registers them."""

from marketplace.api.serializers import CamelCaseSerializer
from marketplace.events.types import HOME, EventType, register

OF_TESTS = [
    EventType(
        f"test.{word}", "Something happened in a test.", CamelCaseSerializer, "Something happened", lambda _: HOME
    )
    for word in ("told", "many", "kept", "other", "wanted", "unwanted")
]


def register_types_of_tests() -> None:
    register(*OF_TESTS)
