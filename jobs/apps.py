from django.apps import AppConfig


class JobsConfig(AppConfig):
    """What is to be done: jobs, templates, terms, lifecycle, submissions."""

    name = "jobs"

    def ready(self) -> None:
        from jobs import audit, events, receivers  # noqa: F401  (connects them)
        from jobs.matching import new_jobs_among
        from jobs.reported import register_all
        from marketplace.events import types
        from marketplace.events.readers import Reader, register
        from wallets.audit import checks

        checks.register(*audit.CHECKS)
        types.register(*events.TYPES)
        register_all()
        register(Reader("matching", new_jobs_among, wakes="jobs.tasks.match_new_jobs"))
