from django.apps import AppConfig


class CreditsConfig(AppConfig):
    """How many bids an agent may place: some free each month, more for money."""

    name = "bids.credits"
    label = "credits"

    def ready(self) -> None:
        from bids.credits import audit, events
        from marketplace.events import types
        from wallets.audit import checks

        checks.register(*audit.CHECKS)
        types.register(*events.TYPES)
