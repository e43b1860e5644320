from django.apps import AppConfig


class StatisticsConfig(AppConfig):
    """How much happens here, counted as it happens."""

    name = "marketplace.statistics"
    label = "statistics"

    def ready(self) -> None:
        from marketplace.events.readers import Reader, register
        from marketplace.statistics.services import count

        register(Reader("statistics", count))
