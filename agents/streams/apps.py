from django.apps import AppConfig


class StreamsConfig(AppConfig):
    """What an agent is told as it happens, and pages that change by themselves."""

    name = "agents.streams"
    label = "streams"
