"""The forms of the steps. They read what people type into the words of a draft, which keeps also what they refuse."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from agents.files.forms import FilesField
from agents.models import Agent
from agents.queries import find_agent
from jobs.bidding import HEAVIEST_WEIGHT, PARTS, RULES
from jobs.drafts.members import member
from jobs.drafts.models import Draft, Step
from jobs.drafts.queries import template_of
from jobs.forms import DemandForm, PriceForm, WorkForm
from jobs.schema_forms import WHOLE, SchemaForm, label_of
from jobs.terms import LONGEST_WINDOW, Terms
from marketplace.errors import FieldError, NotFound
from marketplace.html import ProseField, UsdcField
from marketplace.money import format_usdc
from marketplace.text import clean_text
from marketplace.timestamps import format_timestamp

DAY = 24 * 3600
_DAYS = ngettext_lazy("%d day", "%d days")
DAYS = [(days * DAY, _DAYS % days) for days in (1, 3, 7)]
REVIEW_WINDOWS = [*DAYS, (14 * DAY, _DAYS % 14)]
BIDDING_WINDOWS = [("", _("Until the deadline")), (3600, _("1 hour")), *DAYS]
BIDDING = [(name, rule.name) for name, rule in RULES.items() if rule.takes_bids]
SUMMARIES = [(rule.name, rule.summary) for rule in RULES.values() if rule.takes_bids]
OPEN, DIRECT = "open", "direct"


class StepForm(forms.Form):
    """A part of a draft; `paths` says which of its members each field is."""

    paths: ClassVar[Mapping[str, str]] = {}

    def __init__(self, draft: Draft, typed: QueryDict | None = None, files: Any = None, **kwargs: Any):
        kept = {name: _kept(self.base_fields[name], member(draft.data, path)) for name, path in self.paths.items()}
        known = {name: value for name, value in kept.items() if value is not None}
        super().__init__(typed, files, initial=self.first_values(draft) | known, **kwargs)

    def first_values(self, draft: Draft) -> dict[str, Any]:
        """What the fields say before anyone typed."""
        return {}

    def said(self) -> dict[str, Any]:
        """Every member that the form is about, as the draft keeps it; what was refused, as it was typed."""
        self.full_clean()
        return {path: self._said(name) for name, path in self.paths.items() if name in self.fields}

    def show(self, errors: list[FieldError]) -> list[FieldError]:
        """Puts what is wrong with the members beside their fields; returns what concerns none of them."""
        fields = {path: name for name, path in self.paths.items() if name in self.fields}
        for error in errors:
            if error.field in fields:
                self.add_error(fields[error.field], error.message)
        return [error for error in errors if error.field not in fields]

    def _said(self, name: str) -> Any:
        if name not in self.cleaned_data:
            return _typed(self[name].data)
        return _written(self.fields[name], self.cleaned_data[name])


def _kept(field: forms.Field, value: Any) -> Any:
    """A member as its field shows it: a program may have written an amount as a number of USDC."""
    return str(value) if isinstance(field, UsdcField) and isinstance(value, int | float) else value


def _written(field: forms.Field, value: Any) -> Any:
    """What was typed in the words of the draft; None for nothing."""
    match value:
        case datetime():
            return format_timestamp(value)
        case Agent():
            return value.handle
        case int() if isinstance(field, UsdcField):
            return format_usdc(value)
        case "" | [] | False | None:
            return None
    return value


def _typed(value: Any) -> Any:
    """What a field refused, as it was typed."""
    return clean_text(value) or None if isinstance(value, str) else value or None


class WorkStepForm(StepForm, WorkForm):
    paths = {"title": "title", "vertical": "vertical", "description": "description", "attachments": "attachmentIds"}

    attachments = FilesField(label=_("Attachments"))

    def __init__(self, draft: Draft, typed: QueryDict | None = None, files: Any = None, **kwargs: Any):
        super().__init__(draft, typed, files, template=template_of(draft), **kwargs)
        if "vertical" in self.fields:
            self.fields["vertical"].widget.attrs["list"] = "categories"
        attachments = self.fields["attachments"]
        assert isinstance(attachments, FilesField)
        attachments.actor = draft.owner
        attachments.show([held.file for held in draft.attachments.select_related("file")])

    def _said(self, name: str) -> Any:
        """Files that were kept stay with the draft, also when another one was refused."""
        if name == "attachments":
            return [str(file.pk) for file in self.fields[name].widget.kept] or None
        return super()._said(name)


class WeightField(forms.IntegerField):
    """How much a part of a bid's score counts; empty: as usual, or nothing if another one is given."""

    def __init__(self, **kwargs: Any):
        super().__init__(min_value=0, max_value=HEAVIEST_WEIGHT, required=False, **kwargs)


class WhoStepForm(StepForm, DemandForm):
    """Everybody by a rule of bidding, or one agent; what belongs to the other of the two is let go."""

    paths = {
        "invited": "invitedAgentId",
        "bidding": "terms.bidding",
        "bidding_window": "terms.biddingWindowSeconds",
        "auto_accept": "terms.autoAccept",
        **{f"{part}_weight": f"terms.weights.{part}" for part in PARTS},
        "skills": "skills",
        "minimum_reputation": "minimumReputation",
        "minimum_completed_jobs": "minimumCompletedJobs",
        "questions": "questions",
    }

    how = forms.ChoiceField(
        choices=[(OPEN, _("Open to bids")), (DIRECT, _("Offer it to one of them"))],
        widget=forms.RadioSelect,
        label=_("Who may do it"),
    )
    invited = ProseField(
        max_length=64,
        required=False,
        label=_("Whom"),
        help_text=_("Their handle. Nobody else will see the job, and the budget is held until they answer."),
    )
    bidding = forms.ChoiceField(choices=BIDDING, label=_("How bidders compete"), required=False)
    bidding_window = forms.TypedChoiceField(
        coerce=int,
        choices=BIDDING_WINDOWS,
        empty_value=None,
        required=False,
        label=_("Bidding lasts"),
        help_text=_("Sealed bids, and accepting the best bid by itself, need an end before the deadline."),
    )
    auto_accept = forms.BooleanField(required=False, label=_("Accept the best bid by itself when bidding ends"))
    price_weight = WeightField(label=_("Weight of the price"))
    reputation_weight = WeightField(label=_("Weight of reputation"))
    eta_weight = WeightField(label=_("Weight of the time needed"))
    relevance_weight = WeightField(label=_("Weight of relevance"))

    def __init__(self, draft: Draft, *args: Any, **kwargs: Any):
        super().__init__(draft, *args, **kwargs)
        _offer(self.fields["bidding_window"], self.initial.get("bidding_window"))
        self.fields["invited"].widget.attrs["list"] = "favourites"

    def first_values(self, draft: Draft) -> dict[str, Any]:
        is_direct = bool(draft.data.get("invitedAgentId"))
        return {"how": DIRECT if is_direct else OPEN, "bidding": Terms.default().bidding}

    def clean_invited(self) -> Agent | None:
        handle = self.cleaned_data["invited"].strip().removeprefix("@")
        if self.data.get("how") != DIRECT:
            return None
        if not handle:
            raise forms.ValidationError(_("Say whom the offer is for."))
        try:
            return find_agent(handle)
        except NotFound as refusal:
            raise forms.ValidationError(refusal.detail) from refusal

    def said(self) -> dict[str, Any]:
        said = super().said()
        mine = {"invitedAgentId"}
        if self.data.get("how") == DIRECT:
            return {path: value if path in mine else None for path, value in said.items()}
        return said | dict.fromkeys(mine)

    @property
    def has_weights(self) -> bool:
        """Whether somebody chose weights, so that they are shown."""
        return any(self[f"{part}_weight"].value() not in (None, "") for part in PARTS)


class MoneyStepForm(StepForm, PriceForm):
    paths = {
        "budget": "budgetUsdc",
        "deadline_at": "deadlineAt",
        "review_window": "terms.reviewWindowSeconds",
        "revisions": "terms.revisionsAllowed",
    }

    review_window = forms.TypedChoiceField(
        coerce=int,
        choices=REVIEW_WINDOWS,
        label=_("Time to review"),
        help_text=_("Work that you neither approve nor send back in this time is approved automatically."),
    )
    revisions = forms.IntegerField(
        min_value=0,
        max_value=settings.MOST_REVISIONS,
        required=False,
        label=_("Rounds of changes"),
        help_text=format_lazy(
            _("How often you may send the work back: 0 to {most} times. Empty: {most} times."),
            most=settings.MOST_REVISIONS,
        ),
    )

    def __init__(self, draft: Draft, *args: Any, **kwargs: Any):
        super().__init__(draft, *args, **kwargs)
        _offer(self.fields["review_window"], self.initial["review_window"])
        if draft.data.get("invitedAgentId"):
            self.fields["budget"].label = _("What you pay")
            self.fields["budget"].help_text = _("They take the job at this price or decline. Held when you post.")
            self.fields["deadline_at"].help_text = _(
                "Whoever takes the offer promises the work by then. If it is not taken by then, your money returns."
            )

    def first_values(self, draft: Draft) -> dict[str, Any]:
        deadline = (timezone.now() + settings.DEFAULT_DEADLINE).astimezone(UTC)
        template = template_of(draft)
        return {
            "deadline_at": deadline.replace(minute=0, second=0, microsecond=0),
            "review_window": Terms.default().review_window_seconds,
            "budget": template.suggested_budget or None if template else None,
        }


def _offer(field: forms.Field, seconds: Any) -> None:
    """A window that a program chose is one more to choose from."""
    assert isinstance(field, forms.TypedChoiceField)
    choices: Any = field.choices
    if isinstance(seconds, int) and abs(seconds) <= LONGEST_WINDOW and seconds not in dict(choices):
        field.choices = [*choices, (seconds, str(timedelta(seconds=seconds)))]


def questions(draft: Draft, *typed: Any) -> SchemaForm | None:
    """The form of what the draft's template asks; None without one, or when it asks nothing."""
    template = template_of(draft)
    if template is None or not template.input_schema:
        return None
    answers = draft.data.get("inputData")
    return SchemaForm.of(template.input_schema, answers if isinstance(answers, dict) else {}, *typed, prefix="input")


def answers_of(form: SchemaForm) -> dict[str, Any]:
    """What was answered, for `inputData`; what a field refused, as it was typed."""
    form.full_clean()
    if not form.properties:
        return form.cleaned_data.get(WHOLE) or {}
    answers = {
        property: form.cleaned_data[name] if name in form.cleaned_data else _typed(form[name].data)
        for property, name in form.names.items()
    }
    return {property: answer for property, answer in answers.items() if answer not in (None, "", [])}


# Of which step each member of a draft is; the template is chosen in the first.
STEP_FORMS: dict[Step, type[StepForm]] = {Step.WORK: WorkStepForm, Step.WHO: WhoStepForm, Step.MONEY: MoneyStepForm}
STEP_OF = {"templateId": Step.KIND, "inputData": Step.WORK, "attachmentIds": Step.WORK, "terms.weights": Step.WHO} | {
    path: step for step, form in STEP_FORMS.items() for path in form.paths.values()
}


def step_of(field: str) -> Step:
    """The step in which a member of a draft is written."""
    return STEP_OF.get(field) or STEP_OF.get(field.partition(".")[0], Step.WORK)


def label_in_step(field: str, draft: Draft) -> str:
    """What the pages call a member of a draft."""
    for form in STEP_FORMS.values():
        for name, path in form.paths.items():
            if path == field:
                return str(form.base_fields[name].label)
    template = template_of(draft)
    root, _, property = field.partition(".")
    if root == "inputData" and property and template:
        return label_of(property, template.input_schema.get("properties", {}).get(property, {}))
    return str(step_of(field).label)
