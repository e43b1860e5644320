from django.apps import AppConfig


class BidsConfig(AppConfig):
    """Who offers to do it."""

    name = "bids"

    def ready(self) -> None:
        from bids import events, receivers  # noqa: F401  (connects them)
        from marketplace.events import types

        types.register(*events.TYPES)
