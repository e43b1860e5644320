from django.apps import AppConfig


class MarketplaceConfig(AppConfig):
    """What belongs to no single app, and the management commands."""

    name = "marketplace"
