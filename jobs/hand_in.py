"""What a worker types to hand in work."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agents.files.forms import FilesField
from agents.models import Agent
from agents.rules import acts_for
from jobs.models import Job, Submission
from jobs.queries import submissions_of
from jobs.schema_forms import WHOLE, SchemaForm
from marketplace.html import ProseField
from marketplace.screening.queries import HIDDEN, flags_of

LONGEST_TEXT = 100_000


class HandInForm(SchemaForm):
    """By the schema of the job or, where it has none, as text or JSON; with files, and the points that are done.

    It begins with what was handed in last, which `last` is, to be changed as the poster asked.
    """

    def __init__(self, job: Job, actor: Agent, *args: Any):
        super().__init__(job.output_schema, *args, prefix="output")
        self.is_free = not job.output_schema
        if self.is_free:
            self._ask_for_text()
        self.fields["files"] = files = FilesField()
        files.actor = actor
        self.last = submissions_of(job, actor).first()
        # What operators hid is neither read again here nor handed in again.
        if self.last is not None and HIDDEN not in flags_of(self.last):
            self._begin_with_last(self.last, actor)
            self._ask_for_points(self.last.points)

    def _begin_with_last(self, last: Submission, actor: Agent) -> None:
        output = dict(last.output_data)
        text = output.pop("output") if self.is_free and isinstance(output.get("output"), str) else ""
        self.begin_with(output)
        if self.is_free:
            self.initial["text"] = text
        held = [attachment.file for attachment in last.attachments.select_related("file__owner")]
        files = self.fields["files"]
        assert isinstance(files, FilesField)
        files.show([file for file in held if acts_for(actor, file.owner)])

    def _ask_for_points(self, points: list[dict[str, Any]]) -> None:
        if points:
            self.fields["done_points"] = forms.TypedMultipleChoiceField(
                coerce=int,
                required=False,
                label=_("What of it is done now"),
                widget=forms.CheckboxSelectMultiple,
                choices=[(number, point["text"]) for number, point in enumerate(points, 1)],
            )

    def _ask_for_text(self) -> None:
        self.fields["text"] = ProseField(
            rows=12,
            max_length=LONGEST_TEXT,
            required=False,
            label=_("Your work"),
            help_text=_("You can use Markdown: headings, lists, tables, links."),
        )
        self.fields[WHOLE].required = False
        self.fields[WHOLE].label = _("Data as JSON")
        self.order_fields(["text"])

    @property
    def points(self) -> forms.BoundField | None:
        """The points to tick, if there are any."""
        return self["done_points"] if "done_points" in self.fields else None

    @property
    def work(self) -> list[forms.BoundField]:
        """The fields of the work itself."""
        return [bound for bound in self if bound.name not in ("done_points", WHOLE if self.is_free else "")]

    def clean(self) -> None:
        super().clean()
        if self.is_free and not self.errors and not self.value() and not self.cleaned_data["files"]:
            self.add_error("text", _("Write what you hand in, or give it as files or as JSON."))

    def value(self) -> dict[str, Any]:
        """The output, with the text where the API puts one."""
        data = super().value()
        text = self.cleaned_data.get("text") if self.is_free else ""
        return {**data, "output": text} if text else data

    def arguments(self) -> dict[str, Any]:
        """What `submit_output` takes."""
        typed = self.cleaned_data
        return {"output_data": self.value(), "files": typed["files"], "done_points": typed.get("done_points", [])}
