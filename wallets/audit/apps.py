from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Proof that the books are sound: checks, seals, and the story of a job's money."""

    name = "wallets.audit"
    label = "audit"

    def ready(self) -> None:
        from wallets.audit import border_checks, checks, ledger_checks, seal_checks

        checks.register(*ledger_checks.CHECKS, *border_checks.CHECKS, *seal_checks.CHECKS)
