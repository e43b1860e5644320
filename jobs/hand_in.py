"""What a worker types to hand in work."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agents.files.forms import FilesField
from agents.models import Agent
from jobs.models import Job
from jobs.points import open_points
from jobs.schema_forms import WHOLE, SchemaForm
from marketplace.html import ProseField

LONGEST_TEXT = 100_000


class HandInForm(SchemaForm):
    """By the schema of the job or, where it has none, as text or JSON; with files, and the points that are done."""

    def __init__(self, job: Job, actor: Agent, *args: Any):
        super().__init__(job.output_schema, *args, prefix="output")
        self.is_free = not job.output_schema
        if self.is_free:
            self._ask_for_text()
        self.fields["files"] = files = FilesField()
        files.actor = actor
        if points := open_points(job):
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
