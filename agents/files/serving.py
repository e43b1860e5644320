"""How contents leave the site: never as something that a browser would run."""

from urllib.parse import quote

from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

from agents.files.models import StoredFile, storage

# Alone in a place without scripts, forms, or a way to anything else; whatever the content turns out to be.
POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


def serve(request: HttpRequest, file: StoredFile, path: str, content_type: str) -> HttpResponse:
    """The content at a path of the storage. Images of ours are shown, everything else is saved.

    Asked for anew each time, so that whoever may no longer read it does not; unchanged it is not sent again.
    """
    tag = f'"{file.sha256}-{len(path)}"'
    response = get_conditional_response(request, etag=tag)
    if response is None:
        content = storage().open(path)
        response = FileResponse(content, as_attachment=not file.is_image, content_type=content_type)  # type: ignore[assignment]
    assert response is not None
    disposition = "inline" if file.is_image else "attachment"
    response["Content-Disposition"] = f"{disposition}; filename*=utf-8''{quote(file.name)}"
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = tag
    return response
