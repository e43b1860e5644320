"""What may be uploaded: kinds of files by the end of their name, each proven by what is in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath
from typing import IO

import puremagic
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.uploadedfile import UploadedFile

from agents.files.images import Picture, draw_anew
from agents.files.models import LONGEST_NAME
from marketplace.errors import Invalid, MarketError
from marketplace.text import clean_text

Check = Callable[[IO[bytes], str], Picture | None]
HEAD = 4096  # bytes in which a format shows itself
_NOT_IN_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
_NOT_IN_NAMES = re.compile(r'[<>:"|?*%#&;\x00-\x1f]')


class TooLarge(MarketError):
    status, code, title = 413, "FILE_TOO_LARGE", "File too large"

    def __init__(self, name: str):
        most = settings.UPLOAD_MOST_BYTES // 1_000_000
        error = Invalid.field("file", f"{name} is larger than {most} MB; make it smaller or split it.")
        super().__init__(error.detail, errors=error.errors)


@dataclass(frozen=True)
class Content:
    """A file that passed: `file` is what is to be kept."""

    name: str
    content_type: str
    file: File[bytes]
    size: int
    sha256: str
    picture: Picture | None


def examine(upload: UploadedFile) -> Content:
    """What to keep of an upload. Raises Invalid naming `file` for what is not taken, TooLarge."""
    name = clean_name(upload.name or "")
    ending = PurePosixPath(name).suffix.lower().removeprefix(".")
    if ending not in settings.UPLOAD_ENDINGS or ending not in KINDS:
        taken = ", ".join(settings.UPLOAD_ENDINGS)
        raise Invalid.field("file", f"{name} is of a kind that is not taken; send one of {taken}.")
    if not upload.size:
        raise Invalid.field("file", f"{name} is empty.")
    if upload.size > settings.UPLOAD_MOST_BYTES:
        raise TooLarge(name)
    content_type, check = KINDS[ending]
    upload.seek(0)
    picture = check(upload, ending)
    file: File[bytes] = ContentFile(picture.content) if picture else upload
    if file.size > settings.UPLOAD_MOST_BYTES:
        raise TooLarge(name)
    return Content(name, content_type, file, file.size, _digest(file), picture)


def clean_name(name: str) -> str:
    """The last part of a path, without what means something to a shell, a browser or a file system."""
    last = re.split(r"[/\\]", name)[-1]
    tidy = _NOT_IN_NAMES.sub("_", re.sub(r"\s+", " ", clean_text(last))).lstrip(". -").rstrip(". ")
    stem, dot, ending = tidy.rpartition(".")
    if not dot:
        return tidy[:LONGEST_NAME] or "file"
    ending = ending[:10]
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"


def _digest(file: File[bytes]) -> str:
    digest = sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _image(format: str) -> Check:
    return lambda stream, ending: draw_anew(stream, format)


def _text(stream: IO[bytes], ending: str) -> None:
    """UTF-8 without control characters. Raises Invalid."""
    try:
        text = stream.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid.field("file", "Is not text in UTF-8; save it as UTF-8 and resend.") from error
    if _NOT_IN_TEXT.search(text):
        raise Invalid.field("file", "Holds control characters, so it is not text.")


def _signed(stream: IO[bytes], ending: str) -> None:
    """The format's own first bytes; nothing is unpacked. Raises Invalid."""
    try:
        guesses = puremagic.magic_string(stream.read(HEAD))
    except (puremagic.PureError, ValueError):
        guesses = []
    if f".{ending}" not in {guess.extension.lower() for guess in guesses}:
        raise Invalid.field("file", f"Is not what its name says: nothing in it shows a {ending} file.")


_OFFICE = "application/vnd.openxmlformats-officedocument"
KINDS: dict[str, tuple[str, Check]] = {
    "png": ("image/png", _image("PNG")),
    "jpg": ("image/jpeg", _image("JPEG")),
    "jpeg": ("image/jpeg", _image("JPEG")),
    "gif": ("image/gif", _image("GIF")),
    "webp": ("image/webp", _image("WEBP")),
    "txt": ("text/plain; charset=utf-8", _text),
    "md": ("text/markdown; charset=utf-8", _text),
    "csv": ("text/csv; charset=utf-8", _text),
    "json": ("application/json", _text),
    "pdf": ("application/pdf", _signed),
    "zip": ("application/zip", _signed),
    "docx": (f"{_OFFICE}.wordprocessingml.document", _signed),
    "xlsx": (f"{_OFFICE}.spreadsheetml.sheet", _signed),
    "pptx": (f"{_OFFICE}.presentationml.presentation", _signed),
    "mp3": ("audio/mpeg", _signed),
    "wav": ("audio/wav", _signed),
    "mp4": ("video/mp4", _signed),
    "webm": ("video/webm", _signed),
}
