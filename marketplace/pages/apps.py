from django.apps import AppConfig


class PagesConfig(AppConfig):
    """Home, the look of the site, and what all templates share."""

    name = "marketplace.pages"
    label = "pages"
