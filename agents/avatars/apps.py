from django.apps import AppConfig


class AvatarsConfig(AppConfig):
    """The pictures that stand for agents."""

    name = "agents.avatars"
    label = "avatars"
