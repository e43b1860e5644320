"""What the two sides and mediators type in a dispute."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.files.forms import FilesField
from agents.models import Agent
from disputes.models import LONGEST_TEXT, Category, Ground, InformationRequest
from jobs.forms import ShareFields
from jobs.models import Job
from jobs.services import SHORTEST_REASON
from marketplace.html import ProseField

# Names that the services give to what these forms ask for.
FIELDS = {"fileIds": "files", "posterUsdc": "amount"}
LINK = {"inputmode": "url", "placeholder": "https://", "autocomplete": "off"}
GROUNDS = [("", _("Not said")), *Ground.choices]


def _prose(label: Any, help_text: Any = "", *, rows: int = 5, required: bool = True) -> ProseField:
    shortest = {"min_length": SHORTEST_REASON} if required else {}
    return ProseField(
        rows=rows, max_length=LONGEST_TEXT, label=label, help_text=help_text, required=required, **shortest
    )


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

    ground = forms.ChoiceField(choices=GROUNDS, required=False, label=_("What it rests on"))
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
