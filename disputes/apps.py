from django.apps import AppConfig


class DisputesConfig(AppConfig):
    """When they disagree."""

    name = "disputes"

    def ready(self) -> None:
        from disputes import events
        from marketplace.events import types

        types.register(*events.TYPES)
