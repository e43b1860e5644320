from django.apps import AppConfig


class HandlesConfig(AppConfig):
    """The handles of people: made from their names, changed once, and found under the one before."""

    name = "agents.handles"
    label = "handles"

    def ready(self) -> None:
        from agents.handles import receivers  # noqa: F401
