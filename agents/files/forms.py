"""Uploading without JavaScript: several files in one field, which a form that comes back still has."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from agents.files.models import StoredFile
from agents.files.services import store_file
from agents.models import Agent
from marketplace.errors import MarketError


class FilesWidget(forms.ClearableFileInput):
    """A file input, and a ticked box for each file that is there already."""

    template_name = "files/widget.html"
    allow_multiple_selected = True
    kept: list[StoredFile] = []

    def value_from_datadict(self, data: Any, files: Any, name: str) -> tuple[list[str], list[Any]]:
        chosen = data.getlist(f"{name}_kept") if isinstance(data, MultiValueDict) else data.get(f"{name}_kept", [])
        uploads = files.getlist(name) if isinstance(files, MultiValueDict) else files.get(name, [])
        return chosen, uploads

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Mapping[str, Any], name: str) -> bool:
        return False

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        accept = ",".join(f".{ending}" for ending in settings.UPLOAD_ENDINGS)
        context["widget"] |= {"kept": self.kept, "kept_name": f"{name}_kept"}
        context["widget"]["attrs"] |= {"multiple": True, "accept": accept}
        return context


class FilesField(forms.Field):
    """Cleaned to the ids of files of `actor`, whom the form sets before it is cleaned: those that were there and are
    still ticked, and what was uploaded, which is kept at once. Files of a form that is refused are not lost."""

    widget = FilesWidget
    actor: Agent

    def __init__(self, **kwargs: Any):
        size = settings.UPLOAD_MOST_BYTES // 1_000_000
        words = format_lazy(_("Up to {most} files of {size} MB."), most=settings.MOST_ATTACHMENTS, size=size)
        super().__init__(**{"required": False, "label": _("Files"), "help_text": words, **kwargs})

    def show(self, files: list[StoredFile]) -> None:
        """Files that the thing has, for a form that changes it."""
        self.widget.kept = files

    def clean(self, value: Any) -> list[UUID]:
        chosen, uploads = value or ([], [])
        kept = list(self._kept(chosen))
        problems = []
        for upload in uploads[: settings.MOST_ATTACHMENTS]:
            try:
                kept.append(store_file(actor=self.actor, upload=upload))
            except MarketError as refusal:
                problems.append(refusal.errors[0].message if refusal.errors else refusal.detail)
        self.show(kept)
        if problems:
            raise ValidationError(problems)
        if len(kept) > settings.MOST_ATTACHMENTS:
            raise ValidationError(_("At most %(most)d files; untick some.") % {"most": settings.MOST_ATTACHMENTS})
        return [file.pk for file in kept]

    def _kept(self, chosen: list[str]) -> list[StoredFile]:
        """Those that are ticked: the actor's own, or the thing's."""
        before = {str(file.pk): file for file in self.widget.kept}
        wanted = [reference for reference in dict.fromkeys(chosen) if _is_uuid(reference)]
        own = {str(file.pk): file for file in StoredFile.objects.filter(owner=self.actor, pk__in=wanted)}
        found = before | own
        return [found[reference] for reference in wanted if reference in found]


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
