from django.apps import AppConfig


class SavedSearchesConfig(AppConfig):
    """Searches for jobs that somebody keeps, and is told of by what is new."""

    name = "jobs.saved_searches"
    label = "saved_searches"
    verbose_name = "Saved searches"

    def ready(self) -> None:
        from jobs.saved_searches import events
        from marketplace.events import types

        types.register(*events.TYPES)
