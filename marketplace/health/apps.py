from django.apps import AppConfig


class HealthConfig(AppConfig):
    """Whether everything that the market needs is there."""

    name = "marketplace.health"
    label = "health"

    def ready(self) -> None:
        from marketplace.health import signs

        signs.connect()
