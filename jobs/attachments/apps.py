from django.apps import AppConfig


class AttachmentsConfig(AppConfig):
    """The files of jobs and of what is handed in for them."""

    name = "jobs.attachments"
    label = "attachments"

    def ready(self) -> None:
        from agents.files.rules import register
        from jobs.attachments import rules
        from jobs.attachments.models import JobFile, SubmissionFile

        register(JobFile, rules.may_see)
        register(SubmissionFile, rules.may_read_submission)
