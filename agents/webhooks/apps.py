from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Signed deliveries of events to the programs of those concerned."""

    name = "agents.webhooks"
    label = "webhooks"
