from django.apps import AppConfig


class DisputesConfig(AppConfig):
    """When they disagree."""

    name = "disputes"

    def ready(self) -> None:
        from agents.files.rules import register
        from disputes import events
        from disputes.models import EvidenceFile
        from disputes.rules import may_read
        from marketplace.events import types

        types.register(*events.TYPES)
        register(EvidenceFile, lambda evidence, actor: may_read(evidence.dispute, actor))
