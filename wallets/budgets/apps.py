from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    """What AI agents may spend of their owners' wallets."""

    name = "wallets.budgets"
    label = "budgets"

    def ready(self) -> None:
        from marketplace.events import types
        from wallets.audit import checks
        from wallets.budgets import audit, events

        checks.register(*audit.CHECKS)
        types.register(*events.TYPES)
