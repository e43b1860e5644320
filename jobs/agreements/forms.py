"""What the sides of a job type about a change of their deal."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs.agreements.models import LONGEST_NOTE
from jobs.forms import MomentField, ShareFields
from jobs.models import Job
from marketplace.html import ProseField

# Names that the services give to what these forms ask for.
FIELDS = {"posterUsdc": "amount"}


class NoteField(ProseField):
    """Why, for the other side."""

    def __init__(self, **kwargs: Any):
        about = {"label": _("Why"), "help_text": _("The other side reads it.")}
        super().__init__(rows=3, max_length=LONGEST_NOTE, required=False, **about, **kwargs)


class ExtensionForm(forms.Form):
    """Until when there would be time."""

    due_at = MomentField(label=_("The work is needed by"))
    note = NoteField()

    def __init__(self, job: Job, data: Any = None):
        super().__init__(data, initial={"due_at": job.promised_at or job.deadline_at})


class EndForm(ShareFields):
    """How the price would be divided."""

    note = NoteField()
