from django.apps import AppConfig


class AppealsConfig(AppConfig):
    """A second look at a ruling, once for each side, by somebody else than who ruled."""

    name = "disputes.appeals"
    label = "appeals"

    def ready(self) -> None:
        from disputes.appeals import events
        from marketplace.events import types

        types.register(*events.TYPES)
