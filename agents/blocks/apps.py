from django.apps import AppConfig


class BlocksConfig(AppConfig):
    """From whom somebody wants to hear nothing."""

    name = "agents.blocks"
    label = "blocks"
