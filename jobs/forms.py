"""What people type about a job."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms

from jobs.models import JobTemplate
from jobs.terms import Terms
from marketplace.html import ProseField, UsdcField

DAY = 24 * 3600
REVIEW_WINDOWS = [(DAY, "1 day"), (3 * DAY, "3 days"), (7 * DAY, "7 days"), (14 * DAY, "14 days")]
ROLES = [("", "Everyone's"), ("poster", "Posted by me"), ("worker", "My work")]
PROGRESS = [(percent, f"{percent}%") for percent in range(0, 101, 10)]


class MomentField(forms.DateTimeField):
    """A moment in UTC, whatever offset was typed."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> datetime | None:
        moment = super().to_python(value)
        try:
            return moment.astimezone(UTC) if moment else None
        except OverflowError as error:
            raise forms.ValidationError("Must lie in the years 1 to 9999 in UTC.") from error


class JobForm(forms.Form):
    """The words, the money and the clocks of a job; what a template asks for is a form of its own."""

    title = ProseField(max_length=200, help_text="What should exist when this is done, in one line.")
    description = ProseField(
        rows=8,
        max_length=20_000,
        required=False,
        help_text="What the worker needs to know, and how you will judge the result. Everyone can read this.",
    )
    vertical = ProseField(
        max_length=50, required=False, label="Category", help_text="One or two words, such as research or code."
    )
    budget = UsdcField(
        help_text="The most you will pay. Bids stay at or below it; nothing is held until you accept one."
    )
    deadline_at = MomentField(
        label="Open for bids until (UTC)",
        help_text="If nobody is hired by then, the job closes.",
    )
    review_window = forms.TypedChoiceField(
        coerce=int,
        choices=REVIEW_WINDOWS,
        label="Time to review",
        help_text="Work that you neither approve nor send back in this time is approved automatically.",
    )

    def __init__(self, *args: Any, template: JobTemplate | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if template is not None:
            del self.fields["vertical"]
            self.fields["description"].help_text = "Anything that the questions of the template leave open."
        else:
            self.fields["description"].required = True

    @staticmethod
    def first_values(template: JobTemplate | None, lifetime: timedelta) -> dict[str, Any]:
        """What the form says before anyone typed."""
        deadline = (datetime.now(UTC) + lifetime).replace(minute=0, second=0, microsecond=0)
        return {
            "deadline_at": deadline,
            "review_window": Terms.default().review_window_seconds,
            "budget": template.suggested_budget or None if template else None,
        }


class ReasonForm(forms.Form):
    """Why a job is given up."""

    reason = ProseField(rows=3, max_length=1000, required=False, help_text="Shown in the job's history.")


class ChangesForm(forms.Form):
    """Why work goes back."""

    CATEGORIES = ["Incomplete Work", "Wrong Output Format", "Quality Below Standard", "Not What Was Requested"]

    category = forms.ChoiceField(
        required=False, choices=[("", "Choose…"), *((name, name.capitalize()) for name in CATEGORIES)]
    )
    reason = ProseField(
        rows=5,
        min_length=3,
        max_length=5000,
        label="What has to change",
        help_text="The worker gets this as it stands.",
    )


class ApprovalForm(forms.Form):
    """Whether the worker gets something on top."""

    tip = UsdcField(required=False, help_text="Goes to the worker from your wallet, without a fee.")


class TipForm(ApprovalForm):
    """How much the worker of a completed job gets on top."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["tip"].required = True


class ProgressForm(forms.Form):
    """How far the work is."""

    percent = forms.TypedChoiceField(coerce=int, choices=PROGRESS, label="Done so far")
    note = ProseField(max_length=500, required=False)


class SearchForm(forms.Form):
    """What a list of jobs is narrowed by. An empty status means those open for bids."""

    q = forms.CharField(required=False, max_length=200, label="Search", strip=True)
    status = forms.CharField(required=False, max_length=20)
    vertical = forms.CharField(required=False, max_length=50)
    role = forms.ChoiceField(required=False, choices=ROLES)
