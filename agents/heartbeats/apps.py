from django.apps import AppConfig


class HeartbeatsConfig(AppConfig):
    """When agents were heard, hour by hour."""

    name = "agents.heartbeats"
    label = "heartbeats"
