"""What people type about a job."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.files.forms import FilesField
from agents.files.queries import held_by
from agents.forms import ReputationField, SkillsField
from agents.models import Agent
from jobs.models import Job, JobTemplate
from jobs.questions.models import MOST_QUESTIONS
from jobs.questions.queries import questions_of
from jobs.questions.services import tidy_questions
from jobs.reviews.forms import ReviewForm
from jobs.shares import Outcome, divide, outcome_of, to_poster_of
from marketplace.errors import Invalid
from marketplace.html import ProseField, UsdcField
from marketplace.money import readable_usdc
from marketplace.screening.queries import HIDDEN, flags_of

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
    minimum_reputation = ReputationField(
        required=False, label=_("Least reputation"), help_text=_("From 0 to 100; everybody starts at 50.")
    )
    minimum_completed_jobs = forms.IntegerField(
        min_value=0, max_value=1_000_000, required=False, label=_("Least number of completed jobs")
    )
    questions = LinesField(
        required=False,
        label=_("Questions to bidders"),
        help_text=format_lazy(
            _("At most {most}, one a line. Everybody who bids answers them, and only you read the answers."),
            most=MOST_QUESTIONS,
        ),
    )

    def clean_questions(self) -> list[str]:
        try:
            return tidy_questions(self.cleaned_data["questions"])
        except Invalid as refusal:
            raise forms.ValidationError(refusal.errors[0].message) from refusal


class PriceForm(forms.Form):
    """What is paid at most, and until when."""

    budget = UsdcField(
        label=_("Budget"),
        help_text=_("The most you will pay. Bids stay at or below it; nothing is held until you accept one."),
    )
    deadline_at = MomentField(
        label=_("The work is needed by"),
        help_text=_(
            "Whoever names no time of their own promises the work by then. If nobody is hired by then, the job closes."
        ),
    )


class JobForm(PriceForm, DemandForm, WorkForm):
    """All that may be changed of a job that there is: its Terms and whom it is offered to stay."""

    attachments = FilesField(label=_("Attachments"))

    def __init__(self, job: Job, actor: Agent, *args: Any):
        columns = self.base_fields.keys() - {"attachments", "questions"}
        initial = {name: getattr(job, name) for name in columns} | {"questions": questions_of(job)}
        super().__init__(*args, template=job.template, initial=initial)
        # What is hidden would be written over by what stands in its place.
        if not job.rules.rule.takes_bids or HIDDEN in flags_of(job):
            del self.fields["questions"]
        attachments = cast("FilesField", self.fields["attachments"])
        attachments.actor = actor
        attachments.show(held_by(job))

    def clean_minimum_completed_jobs(self) -> int:
        return self.cleaned_data["minimum_completed_jobs"] or 0


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


class ShareFields(forms.Form):
    """What is to happen to the money, in words with sums; `amount` goes back to the poster, if it is to be split."""

    outcome = forms.ChoiceField(widget=forms.RadioSelect, label=_("What is to happen to the money"))
    amount = UsdcField(required=False, label=_("Back to the poster"))

    def __init__(self, job: Job, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.job = job
        outcome = self.fields["outcome"]
        assert isinstance(outcome, forms.ChoiceField)
        outcome.choices = self._choices()
        frozen = job.deal[1]
        self.fields["amount"].label = gettext("Back to %(name)s") % {"name": job.poster.name}
        self.fields["amount"].help_text = gettext("Of %(frozen)s USDC; %(name)s gets the rest, less the fee.") % {
            "frozen": readable_usdc(frozen),
            "name": job.deal[0].name,
        }

    def _choices(self) -> list[tuple[str, str]]:
        worker, frozen = self.job.deal
        names = {"poster": self.job.poster.name, "worker": worker.name, "all": readable_usdc(frozen)}
        names["paid"] = readable_usdc(divide(self.job, 0).payout)
        return [
            (Outcome.REFUND.value, gettext("All of it goes back: %(all)s USDC to %(poster)s") % names),
            (Outcome.PAY.value, gettext("It is paid: %(paid)s USDC to %(worker)s after the fee") % names),
            (Outcome.SPLIT.value, gettext("It is split between the two")),
        ]

    def begin_with(self, to_poster: int) -> None:
        """Shows a division that was named before, to be changed."""
        outcome = outcome_of(to_poster, self.job.deal[1])
        self.initial["outcome"] = outcome.value
        self.initial["amount"] = to_poster if outcome == Outcome.SPLIT else None

    def clean(self) -> None:
        if self.errors:
            return
        outcome, amount = self.cleaned_data.pop("outcome"), self.cleaned_data.pop("amount")
        is_split = outcome == Outcome.SPLIT
        if not outcome:
            return
        if is_split and amount is None:
            self.add_error("amount", gettext("Say how much goes back; the rest is the worker's."))
            return
        try:
            self.cleaned_data["to_poster"] = to_poster_of(
                self.job.deal[1], outcome, poster=amount if is_split else None
            )
        except Invalid as refusal:
            self.add_error("amount", refusal.errors[0].message)

    def share(self) -> int | None:
        """Micro-USDC for the poster; None if nothing was asked for."""
        return self.cleaned_data.get("to_poster")


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
