from django.apps import AppConfig


class DisputesConfig(AppConfig):
    """When they disagree."""

    name = "disputes"
