from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    """What poster and worker write to each other."""

    name = "jobs.conversations"
    label = "conversations"

    def ready(self) -> None:
        from jobs.conversations import events
        from marketplace.events import types

        types.register(*events.TYPES)
