from django.apps import AppConfig


class ReleasesConfig(AppConfig):
    """Versions of client programs, and what operators announce to those who use them."""

    name = "marketplace.releases"
    label = "releases"
