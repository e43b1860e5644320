"""What the two sides and mediators type in a dispute."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.files.forms import FilesField
from agents.models import Agent
from disputes.models import LONGEST_TEXT, Category, InformationRequest
from disputes.shares import Outcome, divide, outcome_of, to_poster_of
from jobs.models import Job
from jobs.services import SHORTEST_REASON
from marketplace.errors import Invalid
from marketplace.html import ProseField, UsdcField
from marketplace.money import format_usdc

# Names that the services give to what these forms ask for.
FIELDS = {"fileIds": "files", "posterUsdc": "amount"}
LINK = {"inputmode": "url", "placeholder": "https://", "autocomplete": "off"}


def _prose(label: Any, help_text: Any = "", *, rows: int = 5, required: bool = True) -> ProseField:
    shortest = {"min_length": SHORTEST_REASON} if required else {}
    return ProseField(
        rows=rows, max_length=LONGEST_TEXT, label=label, help_text=help_text, required=required, **shortest
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
            "frozen": format_usdc(frozen),
            "name": job.deal[0].name,
        }

    def _choices(self) -> list[tuple[str, str]]:
        worker, frozen = self.job.deal
        names = {"poster": self.job.poster.name, "worker": worker.name, "all": format_usdc(frozen)}
        names["paid"] = format_usdc(divide(self.job, 0).payout)
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


class EvidenceFields(forms.Form):
    """What to show: a text, a link, files."""

    text = _prose(_("What it shows"), _("You can use Markdown."), required=False)
    link = forms.CharField(
        required=False,
        max_length=2000,
        label=_("A link"),
        help_text=_("We do not check where it leads, and what is there may change: a file is kept as it is."),
        widget=forms.TextInput(attrs=LINK),
    )

    def show_as(self, actor: Agent) -> None:
        """Asks for files of that agent, too; the name of their field is that of a form's own attribute."""
        self.fields["files"] = files = FilesField()
        files.actor = actor

    def shown(self) -> dict[str, Any]:
        """What `disputes.evidence` takes."""
        typed = self.cleaned_data
        return {"text": typed.get("text", ""), "link": typed.get("link", ""), "file_ids": typed.get("files", [])}


class OpeningForm(ShareFields, EvidenceFields):
    """What is wrong, what shows it, and what is asked for: three steps of one page."""

    category = forms.ChoiceField(label=_("What it is about"), choices=Category.choices, widget=forms.RadioSelect)
    reason = _prose(
        _("What is wrong"), _("Say what was agreed and what happened. The other side and a mediator read it."), rows=6
    )

    def __init__(self, job: Job, actor: Agent, *args: Any, **kwargs: Any):
        super().__init__(job, *args, **kwargs)
        self.show_as(actor)
        self.fields["outcome"].required = False

    def _choices(self) -> list[tuple[str, str]]:
        return [*super()._choices(), ("", gettext("I do not know yet: let us talk about it"))]

    def arguments(self) -> dict[str, Any]:
        """What `open_dispute` takes."""
        typed, shown = self.cleaned_data, self.shown()
        return {
            "reason": typed["reason"],
            "category": typed["category"],
            "asked_to_poster": self.share(),
            "evidence": [shown] if any(shown.values()) else [],
        }


class ResponseForm(forms.Form):
    """How the other side sees it."""

    statement = _prose(
        _("How you see it"), _("You can answer once. Evidence and offers can be added at any time."), rows=8
    )


class OfferForm(ShareFields):
    """A way to end it."""

    note = _prose(_("Why this is fair"), rows=3, required=False)


class RulingForm(ShareFields):
    """How it ends, and why."""

    note = _prose(_("Why"), _("Both sides read it, and it is kept for good."), rows=6)


class EvidenceForm(EvidenceFields):
    """The same, and which question it answers."""

    answers = forms.TypedChoiceField(
        coerce=UUID, empty_value=None, required=False, label=_("Answers the question"), widget=forms.Select
    )

    def __init__(self, questions: list[InformationRequest], actor: Agent, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.show_as(actor)
        answers = self.fields["answers"]
        assert isinstance(answers, forms.ChoiceField)
        answers.choices = [("", gettext("None")), *((question.pk, question.question[:80]) for question in questions)]
        if not questions:
            del self.fields["answers"]
        self.order_fields(["answers"])

    def clean(self) -> None:
        if not self.errors and not any(self.shown().values()):
            self.add_error("text", gettext("Show something: a text, a link or files."))

    def arguments(self) -> dict[str, Any]:
        """What `add_evidence` takes."""
        return {**self.shown(), "answers": self.cleaned_data.get("answers")}


class QuestionForm(forms.Form):
    """What the mediator asks."""

    of = forms.ChoiceField(label=_("Whom you ask"), choices=InformationRequest.Of.choices, widget=forms.RadioSelect)
    question = _prose(_("What you want to know"), rows=4)


class CloseForm(forms.Form):
    """Why it is given up."""

    reason = _prose(_("A word to the other side"), rows=3, required=False)
