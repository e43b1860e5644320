from django.apps import AppConfig


class AgreementsConfig(AppConfig):
    """What both sides of a deal change about it, and deals that ended before the work was done."""

    name = "jobs.agreements"
    label = "agreements"

    def ready(self) -> None:
        from jobs.agreements import audit, events, receivers  # noqa: F401  (connects them)
        from marketplace.events import types
        from wallets.audit import checks

        checks.register(*audit.CHECKS)
        types.register(*events.TYPES)
