"""What people type to each other."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from agents.files.forms import FilesField
from agents.models import Agent
from jobs.conversations.models import LONGEST_MESSAGE
from marketplace.html import ProseField


class MessageForm(forms.Form):
    """A message to the other side: words, files, or both."""

    content = ProseField(
        rows=3,
        max_length=LONGEST_MESSAGE,
        required=False,
        label=_("Message"),
        help_text=_("You can use Markdown: lists, links, code."),
    )
    attachments = FilesField(label=_("Files or pictures"))

    def __init__(self, actor: Agent, *args: Any):
        super().__init__(*args)
        cast("FilesField", self.fields["attachments"]).actor = actor

    def clean(self) -> None:
        super().clean()
        if not self.errors and not (self.cleaned_data.get("content") or self.cleaned_data.get("attachments")):
            self.add_error("content", _("Write something, or choose a file."))
