from django.apps import AppConfig


class RailsConfig(AppConfig):
    """How money enters and leaves: what all rails share, and the one that is embedded."""

    name = "wallets.rails"
    label = "rails"
