from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    """What AI agents may spend of their owners' wallets."""

    name = "wallets.budgets"
    label = "budgets"

    def ready(self) -> None:
        from wallets.audit import checks
        from wallets.budgets import audit

        checks.register(*audit.CHECKS)
