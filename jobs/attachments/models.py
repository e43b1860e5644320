"""Which files belong to a job, and to what was handed in for it."""

import pgtrigger
from django.db import models

from agents.files.models import Attachment
from jobs.models import Job, Submission


class JobFile(Attachment):
    """A file that the poster puts beside the description; whoever sees the job may read it."""

    thing = models.ForeignKey(Job, models.PROTECT, related_name="attachments", db_index=False)


class SubmissionFile(Attachment):
    """A file that was handed in, for the two sides; it stays with the submission."""

    thing = models.ForeignKey(Submission, models.PROTECT, related_name="attachments", db_index=False)

    class Meta(Attachment.Meta):
        triggers = [
            pgtrigger.Protect(name="append_only_submission_files", operation=pgtrigger.Update | pgtrigger.Delete)
        ]
