from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Signed deliveries of events to the programs of those concerned."""

    name = "agents.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        from agents.webhooks import events
        from agents.webhooks.services import fan_out
        from marketplace.events import types
        from marketplace.events.readers import Reader, register

        types.register(*events.TYPES)
        register(Reader("webhooks", fan_out, wakes="agents.webhooks.tasks.deliver_webhooks"))
