from django.apps import AppConfig


class RemindersConfig(AppConfig):
    """Saying in time that time runs out."""

    name = "jobs.reminders"
    label = "reminders"

    def ready(self) -> None:
        from jobs.reminders import events
        from marketplace.events import types

        types.register(*events.TYPES)
