from django.apps import AppConfig


class DraftsConfig(AppConfig):
    """Jobs that are being written, step by step, and not posted yet."""

    name = "jobs.drafts"
    label = "drafts"

    def ready(self) -> None:
        from agents.files.rules import register
        from jobs.drafts.models import DraftAttachment

        register(DraftAttachment, lambda draft, actor: actor is not None and draft.owner_id == actor.pk)
