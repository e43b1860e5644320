"""What people type to each other."""

from django import forms

from jobs.conversations.models import LONGEST_MESSAGE
from marketplace.html import ProseField


class MessageForm(forms.Form):
    """A message to the other side."""

    content = ProseField(rows=3, max_length=LONGEST_MESSAGE, label="Message")
