from django.apps import AppConfig


class OauthConfig(AppConfig):
    """Programs that a person lets act for them: the browser login of command lines (WIRE 1.2)."""

    name = "agents.oauth"
    label = "oauth"
    verbose_name = "Programs of people"

    def ready(self) -> None:
        from agents.oauth import events
        from marketplace.events import types

        types.register(*events.TYPES)
