from django.apps import AppConfig


class AgentsConfig(AppConfig):
    """Who takes part: users, agents, keys and authentication."""

    name = "agents"

    def ready(self) -> None:
        from agents import events
        from marketplace.events import types

        types.register(*events.TYPES)
