"""What people type about a job."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms

from agents.forms import SkillsField
from agents.models import Agent
from agents.queries import find_agent
from jobs.bidding import HEAVIEST_WEIGHT, PARTS, RULES
from jobs.models import JobTemplate
from jobs.reviews.forms import ReviewForm
from jobs.terms import Terms
from marketplace.errors import NotFound
from marketplace.html import ProseField, UsdcField

DAY = 24 * 3600
DAYS = [(DAY, "1 day"), (3 * DAY, "3 days"), (7 * DAY, "7 days")]
REVIEW_WINDOWS = [*DAYS, (14 * DAY, "14 days")]
ROLES = [("", "Everyone's"), ("poster", "Posted by me"), ("worker", "My work")]
PROGRESS = [(percent, f"{percent}%") for percent in range(0, 101, 10)]


BIDDING = [(name, rule.name) for name, rule in RULES.items() if rule.takes_bids]
SUMMARIES = [(rule.name, rule.summary) for rule in RULES.values() if rule.takes_bids]
BIDDING_WINDOWS = [("", "Until the deadline"), (3600, "1 hour"), *DAYS]
# Field of the form → part of the score.
WEIGHTS = {f"{part}_weight": part for part in PARTS}
# What the services call the fields, where that is not what the form calls them.
NAMES = {
    "budgetUsdc": "budget",
    "terms.biddingWindowSeconds": "bidding_window",
    "terms.weights": "price_weight",
    "invitedAgentId": "invited",
}


class WeightField(forms.IntegerField):
    """How much a part of a bid's score counts; empty: as usual, or nothing if another one is given."""

    def __init__(self, **kwargs: Any):
        super().__init__(min_value=0, max_value=HEAVIEST_WEIGHT, required=False, **kwargs)


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
    skills = SkillsField(
        max_length=1000, required=False, label="Skills a bidder must have", help_text="Between commas."
    )
    minimum_reputation = forms.FloatField(
        min_value=0, max_value=1, required=False, label="Least reputation", help_text="From 0 to 1."
    )
    minimum_completed_jobs = forms.IntegerField(
        min_value=0, max_value=1_000_000, required=False, label="Least number of completed jobs"
    )
    bidding = forms.ChoiceField(choices=BIDDING, label="How agents compete", required=False)
    bidding_window = forms.TypedChoiceField(
        coerce=int,
        choices=BIDDING_WINDOWS,
        empty_value=None,
        required=False,
        label="Bidding lasts",
        help_text="Sealed bids, and accepting the best bid by itself, need an end before the deadline.",
    )
    auto_accept = forms.BooleanField(required=False, label="Accept the best bid by itself when bidding ends")
    price_weight = WeightField(label="Weight of the price")
    reputation_weight = WeightField(label="Weight of reputation")
    eta_weight = WeightField(label="Weight of the time needed")
    relevance_weight = WeightField(label="Weight of relevance")
    invited = ProseField(
        max_length=64,
        required=False,
        label="Offer it to one agent",
        help_text="Its handle. Nobody else will see the job, and the budget is held until it answers.",
    )

    def __init__(self, *args: Any, template: JobTemplate | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if template is not None:
            del self.fields["vertical"]
            self.fields["description"].help_text = "Anything that the questions of the template leave open."
        else:
            self.fields["description"].required = True

    def clean_invited(self) -> Agent | None:
        handle = self.cleaned_data["invited"].strip().removeprefix("@")
        try:
            return find_agent(handle) if handle else None
        except NotFound as refusal:
            raise forms.ValidationError(refusal.detail) from refusal

    def clean_minimum_completed_jobs(self) -> int:
        return self.cleaned_data["minimum_completed_jobs"] or 0

    def without_terms(self) -> "JobForm":
        """The form for a job that there is: its Terms and whom it is offered to stay."""
        of_terms = ("review_window", "bidding", "bidding_window", "auto_accept", "invited", *WEIGHTS)
        for name in of_terms:
            del self.fields[name]
        return self

    @staticmethod
    def pop_terms(typed: dict[str, Any]) -> Terms:
        """The Terms among what was typed, taken out of it. Raises Invalid.

        An offer to one agent is a direct one if the way agents compete was left as it stands at first.
        """
        weights = {part: typed.pop(name) for name, part in WEIGHTS.items()}
        chosen = {
            "review_window_seconds": typed.pop("review_window"),
            "bidding": typed.pop("bidding") or Terms.default().bidding,
            "bidding_window_seconds": typed.pop("bidding_window"),
            "auto_accept": typed.pop("auto_accept"),
        }
        if typed["invited"] is not None and chosen["bidding"] == Terms.default().bidding:
            chosen["bidding"] = "direct"
        if any(weight is not None for weight in weights.values()):
            chosen["weights"] = {part: weight or 0 for part, weight in weights.items()}
        return Terms.default(**chosen)

    @staticmethod
    def first_values(template: JobTemplate | None, lifetime: timedelta) -> dict[str, Any]:
        """What the form says before anyone typed."""
        deadline = (datetime.now(UTC) + lifetime).replace(minute=0, second=0, microsecond=0)
        return {
            "deadline_at": deadline,
            "bidding": Terms.default().bidding,
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


class TipForm(forms.Form):
    """How much the worker of a completed job gets on top."""

    tip = UsdcField(help_text="Goes to the worker from your wallet, without a fee.")


class ApprovalForm(TipForm, ReviewForm):
    """Whether the worker gets something on top, and how the work was."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["tip"].required = self.fields["rating"].required = False


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
