from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """What the two sides of a finished deal say of each other."""

    name = "jobs.reviews"
    label = "reviews"

    def ready(self) -> None:
        from jobs.reviews import audit, events
        from marketplace.events import types
        from wallets.audit import checks

        checks.register(*audit.CHECKS)
        types.register(*events.TYPES)
