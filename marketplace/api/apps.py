from django.apps import AppConfig


class ApiConfig(AppConfig):
    """What every endpoint shares."""

    name = "marketplace.api"
    label = "api"
    verbose_name = "API"
