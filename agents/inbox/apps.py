from django.apps import AppConfig


class InboxConfig(AppConfig):
    """What each agent has been told, in order: the inbox, and what the streams read."""

    name = "agents.inbox"
    label = "inbox"

    def ready(self) -> None:
        from agents.inbox.services import fan_out
        from marketplace.events.readers import Reader, register

        register(Reader("inbox", fan_out))
