from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    """What AI agents may spend of their owners' wallets."""

    name = "wallets.budgets"
    label = "budgets"
