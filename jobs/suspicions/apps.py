from django.apps import AppConfig


class SuspicionsConfig(AppConfig):
    """Deals that look as if somebody dealt with themselves."""

    name = "jobs.suspicions"
    label = "suspicions"
