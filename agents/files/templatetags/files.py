"""Files on pages."""

from typing import Any

from django import template

from agents.files.queries import held_by

register = template.Library()


@register.inclusion_tag("files/_files.html")
def files_of(thing: Any) -> dict[str, Any]:
    """The files that a thing holds: images as pictures, the rest as links that save. `attachments__file` is best
    prefetched."""
    return {"files": held_by(thing)}


@register.inclusion_tag("files/_files.html")
def file_list(files: Any) -> dict[str, Any]:
    """Any files, shown the same way."""
    return {"files": files}
