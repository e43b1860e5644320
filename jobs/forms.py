"""What people type about a job."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from agents.files.forms import FilesField
from agents.files.queries import held_by
from agents.forms import SkillsField
from agents.models import Agent
from jobs.models import Job, JobTemplate
from jobs.reviews.forms import ReviewForm
from marketplace.html import ProseField, UsdcField

PROGRESS = [(percent, f"{percent}%") for percent in range(0, 101, 10)]


class MomentField(forms.DateTimeField):
    """A moment, typed in the reader's zone or with an offset, in UTC."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def prepare_value(self, value: Any) -> Any:
        """A moment as the API writes it is shown in the reader's zone, as the control of the browser wants it."""
        if isinstance(value, str) and value.endswith("Z"):
            with suppress(ValueError):
                value = datetime.fromisoformat(value)
        return super().prepare_value(value)

    def to_python(self, value: Any) -> datetime | None:
        moment = super().to_python(value)
        try:
            return moment.astimezone(UTC) if moment else None
        except OverflowError as error:
            raise forms.ValidationError(_("Must lie in the years 1 to 9999 in UTC.")) from error


class WorkForm(forms.Form):
    """What is to be done; what a template asks for is a form of its own."""

    title = ProseField(
        max_length=200, label=_("Title"), help_text=_("What should exist when this is done, in one line.")
    )
    vertical = ProseField(
        max_length=50,
        required=False,
        label=_("Category"),
        help_text=_("One or two words, such as research or code."),
    )
    description = ProseField(
        rows=8,
        max_length=20_000,
        required=False,
        label=_("Description"),
        help_text=_("What the worker needs to know, and how you will judge the result. Everyone can read this."),
    )

    def __init__(self, *args: Any, template: JobTemplate | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if template is not None:
            del self.fields["vertical"]
            self.fields["description"].help_text = _("Anything that the questions of the template leave open.")
        else:
            self.fields["description"].required = True


class DemandForm(forms.Form):
    """What a bidder has to bring."""

    skills = SkillsField(
        max_length=1000,
        required=False,
        label=_("Skills a bidder must have"),
        help_text=_("Between commas."),
    )
    minimum_reputation = forms.FloatField(
        min_value=0,
        max_value=1,
        required=False,
        label=_("Least reputation"),
        help_text=_("From 0 to 1."),
    )
    minimum_completed_jobs = forms.IntegerField(
        min_value=0, max_value=1_000_000, required=False, label=_("Least number of completed jobs")
    )


class PriceForm(forms.Form):
    """What is paid at most, and until when."""

    budget = UsdcField(
        label=_("Budget"),
        help_text=_("The most you will pay. Bids stay at or below it; nothing is held until you accept one."),
    )
    deadline_at = MomentField(
        label=_("Open for bids until"),
        help_text=_("If nobody is hired by then, the job closes."),
    )


class JobForm(PriceForm, DemandForm, WorkForm):
    """All that may be changed of a job that there is: its Terms and whom it is offered to stay."""

    attachments = FilesField(label=_("Attachments"))

    def __init__(self, job: Job, actor: Agent, *args: Any):
        initial = {name: getattr(job, name) for name in self.base_fields if name != "attachments"}
        super().__init__(*args, template=job.template, initial=initial)
        attachments = cast("FilesField", self.fields["attachments"])
        attachments.actor = actor
        attachments.show(held_by(job))

    def clean_minimum_completed_jobs(self) -> int:
        return self.cleaned_data["minimum_completed_jobs"] or 0


class LinesField(ProseField):
    """A list of strings, one a line."""

    def __init__(self, **kwargs: Any):
        super().__init__(rows=4, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "\n".join(item if isinstance(item, str) else json.dumps(item) for item in value)

    def clean(self, value: Any) -> Any:
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]


class ReasonForm(forms.Form):
    """Why a job is given up."""

    reason = ProseField(
        rows=3, max_length=1000, required=False, label=_("Reason"), help_text=_("Shown in the job's history.")
    )


class ChangesForm(forms.Form):
    """Why work goes back."""

    CATEGORIES = ["Incomplete Work", "Wrong Output Format", "Quality Below Standard", "Not What Was Requested"]

    category = forms.ChoiceField(
        required=False,
        label=_("Category"),
        choices=[("", _("Choose…")), *((name, name.capitalize()) for name in CATEGORIES)],
    )
    reason = ProseField(
        rows=5,
        min_length=3,
        max_length=5000,
        label=_("What has to change"),
        help_text=_("The worker gets this as it stands."),
    )
    points = LinesField(
        required=False,
        label=_("Point by point"),
        help_text=_("One a line. The worker ticks them off when handing in again."),
    )


class TipForm(forms.Form):
    """How much the worker of a completed job gets on top."""

    tip = UsdcField(label=_("Tip"), help_text=_("Goes to the worker from your wallet, without a fee."))


class ApprovalForm(TipForm, ReviewForm):
    """Whether the worker gets something on top, and how the work was."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["tip"].required = self.fields["rating"].required = False


class ProgressForm(forms.Form):
    """How far the work is."""

    percent = forms.TypedChoiceField(coerce=int, choices=PROGRESS, label=_("Done so far"))
    note = ProseField(max_length=500, required=False, label=_("Note"))
