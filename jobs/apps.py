from django.apps import AppConfig


class JobsConfig(AppConfig):
    """What is to be done: jobs, templates, terms, lifecycle, submissions."""

    name = "jobs"

    def ready(self) -> None:
        from jobs import audit
        from wallets.audit import checks

        checks.register(*audit.CHECKS)
