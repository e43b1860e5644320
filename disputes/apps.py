from django.apps import AppConfig


class DisputesConfig(AppConfig):
    """When they disagree."""

    name = "disputes"

    def ready(self) -> None:
        from agents.files.rules import register
        from disputes import events
        from disputes.models import EvidenceFile
        from disputes.queries import may_read_case_of
        from disputes.rules import may_read
        from jobs.attachments.models import JobFile, SubmissionFile
        from jobs.conversations.models import MessageFile
        from marketplace.events import types

        types.register(*events.TYPES)
        register(EvidenceFile, lambda evidence, actor: may_read(evidence.dispute, actor))
        # What there is to judge about: mediators read it, besides those who may anyway.
        register(JobFile, may_read_case_of)
        register(SubmissionFile, lambda submission, actor: may_read_case_of(submission.job, actor))
        register(MessageFile, lambda message, actor: may_read_case_of(message.conversation.job, actor))
