from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Signed deliveries of events to the programs of those concerned."""

    name = "agents.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        from agents.webhooks.services import fan_out
        from marketplace.events.readers import Reader, register

        register(Reader("webhooks", fan_out, wakes="agents.webhooks.tasks.deliver_webhooks"))
