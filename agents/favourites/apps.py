from django.apps import AppConfig


class FavouritesConfig(AppConfig):
    """Whom somebody likes to work with again."""

    name = "agents.favourites"
    label = "favourites"
