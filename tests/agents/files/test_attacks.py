"""Hostile uploads are refused, or served as something that nothing runs (SURVIVE S8, FEATURES F14)."""

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from agents.files.models import StoredFile, storage
from agents.files.services import store_file
from agents.files.uploads import CuttingUploadHandler
from agents.models import Agent
from tests.agents.files.uploads import SECRET, flood, image, kept, send, zip_bomb
from tests.fixtures import ApiClient


def read(file: StoredFile) -> bytes:
    """What the storage keeps of it."""
    with storage().open(file.path) as content:
        return content.read()


SCRIPT = b"<script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
REFUSED = {
    "an SVG with a script": ("picture.svg", SVG),
    "a page": ("page.html", SCRIPT),
    "a page called PNG": ("picture.png", b"<html>" + SCRIPT),
    "an SVG called PNG": ("picture.png", SVG),
    "a GIF called PNG": ("picture.png", image("GIF")),
    "a page called PDF": ("paper.pdf", b"<html>" + SCRIPT),
    "a program called PDF": ("paper.pdf", b"MZ\x90\x00" + b"\0" * 200),
    "a program": ("tool.exe", b"MZ\x90\x00" + b"\0" * 200),
    "a program called text": ("notes.txt", b"\x7fELF\x02\x01\x01" + b"\0" * 200),
    "a program called ZIP": ("tools.zip", b"\x7fELF\x02\x01\x01" + b"\0" * 200),
    "a shell script": ("run.sh", b"#!/bin/sh\n"),
    "two endings": ("picture.png.html", image()),
    "no ending": ("picture", image()),
    "text with NUL": ("notes.txt", b"a\0b"),
    "text that is not UTF-8": ("notes.txt", "é".encode("latin-1")),
    "nothing": ("notes.txt", b""),
    "a flood of pixels": ("picture.png", flood()),
    "half a picture": ("picture.jpg", image("JPEG")[:300]),
    "an ending alone": (".txt", b"notes"),
}


@pytest.mark.parametrize(("name", "content"), REFUSED.values(), ids=REFUSED)
def test_refused(poster: Agent, poster_api: ApiClient, problem: Any, name: str, content: bytes) -> None:
    assert problem(send(poster_api, name, content)) == (400, "VALIDATION_FAILED", ["file"])
    assert not StoredFile.objects.exists()


POLYGLOTS = {
    "text that is a page": ("notes.txt", SCRIPT),
    "an SVG as text": ("picture.txt", SVG),
    "a PDF that is a page": ("paper.pdf", b"%PDF-1.7\n<html>" + SCRIPT),
    "a spreadsheet of formulas": ("table.csv", b'=HYPERLINK("http://evil.example")'),
    "a zip bomb": ("archive.zip", zip_bomb()),
    "JSON that is a page": ("data.json", b'"<script>alert(1)</script>"'),
}


@pytest.mark.parametrize(("name", "content"), POLYGLOTS.values(), ids=POLYGLOTS)
def test_what_is_taken_is_saved_and_never_run(poster: Agent, name: str, content: bytes) -> None:
    """Nothing is unpacked, and what leaves the site is an attachment that no browser looks into."""
    file = kept(poster, name, content)
    browser = Client()
    browser.force_login(poster.user)
    response = browser.get(file.get_absolute_url())
    assert response.getvalue() == content
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "html" not in response["Content-Type"]
    assert "svg" not in response["Content-Type"]


@pytest.mark.parametrize(("ending", "format"), [("png", "PNG"), ("jpg", "JPEG"), ("gif", "GIF"), ("webp", "WEBP")])
def test_images_are_drawn_anew(poster: Agent, ending: str, format: str) -> None:
    """What was hidden in one, before, within or behind the picture, is gone; the picture is there."""
    hostile = image(format) + SCRIPT + b"PK\x03\x04 and an archive"
    assert format == "WEBP" or SECRET.encode() in hostile
    file = kept(poster, f"photo.{ending}", hostile)
    content = read(file)
    assert SECRET.encode() not in content
    assert SCRIPT not in content
    with Image.open(BytesIO(content)) as picture:
        assert (picture.format, picture.size) == (format, (60, 40))
    assert (file.width, file.height, file.size) == (60, 40, len(content))


def test_where_a_photo_was_taken_is_nobodys_business(poster: Agent) -> None:
    """EXIF goes, after it has said which way is up."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = SECRET
    file = kept(poster, "photo.jpg", image("JPEG", exif=exif.tobytes()))
    content = read(file)
    assert b"Exif" not in content
    assert SECRET.encode() not in content
    assert (file.width, file.height) == (40, 60)


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\windows\\notes.txt", "notes.txt"),
        ("/etc/notes.txt", "notes.txt"),
        ("...notes.txt", "notes.txt"),
        ("a\u202etxt.exe.txt", "atxt.exe.txt"),
        ('"><img src=x onerror=alert(1)>.txt', "img src=x onerror=alert(1)_.txt"),
        ("a\r\nSet-Cookie: x=1.txt", "a Set-Cookie_ x=1.txt"),
        ("-rf notes.txt", "rf notes.txt"),
        ("n" * 300 + ".txt", "n" * 146 + ".txt"),
        ("日本.txt", "日本.txt"),
    ],
)
def test_names_are_cleaned_and_never_used_in_the_storage(poster: Agent, name: str, cleaned: str) -> None:
    upload = SimpleUploadedFile("x.txt", b"notes")
    # Past Django's own cleaning, as a storage or another client may pass it on.
    upload._name = name
    file = store_file(actor=poster, upload=upload)
    assert file.name.lstrip("_") == cleaned.lstrip("_")
    assert not set(file.path) & set("._ \\")
    browser = Client()
    browser.force_login(poster.user)
    response = browser.get(file.get_absolute_url())
    assert (response.status_code, response.getvalue()) == (200, b"notes")


class Watched(CuttingUploadHandler):
    """Notes how much was written of each file."""

    written: list[int] = []

    def file_complete(self, file_size: int) -> Any:
        self.written.append(self.file.file.tell())
        return super().file_complete(file_size)


def test_too_large_is_cut_while_it_comes(poster: Agent, poster_api: ApiClient, problem: Any, settings: Any) -> None:
    """No more than is allowed is written anywhere, however much is sent; the answer names the field."""
    settings.UPLOAD_MOST_BYTES = 200_000
    settings.FILE_UPLOAD_HANDLERS = [f"{__name__}.Watched"]
    Watched.written.clear()
    assert problem(send(poster_api, "notes.txt", b"n" * 900_000)) == (413, "FILE_TOO_LARGE", ["file"])
    [size] = Watched.written
    assert size < 200_000 + 64 * 1024
    assert not StoredFile.objects.exists()


def test_a_body_that_can_only_be_too_large_is_not_read(
    poster: Agent, poster_api: ApiClient, problem: Any, settings: Any
) -> None:
    settings.UPLOAD_MOST_BYTES = 1000
    assert problem(send(poster_api, "notes.txt", b"n" * 2_000_000))[:2] == (413, "REQUEST_ENTITY_TOO_LARGE")


def test_many_files_at_once_are_refused(poster_api: ApiClient, poster: Agent, problem: Any) -> None:
    files = [SimpleUploadedFile(f"{number}.txt", b"notes") for number in range(6)]
    assert problem(poster_api.client.post("/v1/files", {"file": files}))[0] == 400
    assert problem(poster_api.client.post("/v1/files", {"file": files[:2]}))[0] == 400
    assert not StoredFile.objects.exists()


def test_the_quota_holds(poster: Agent, poster_api: ApiClient, problem: Any, settings: Any) -> None:
    settings.UPLOAD_QUOTA_BYTES = 1000
    assert send(poster_api, content=b"n" * 600).status_code == 201
    assert problem(send(poster_api, content=b"n" * 600))[:2] == (413, "FILE_QUOTA_USED_UP")
    assert send(poster_api, content=b"n" * 400).status_code == 201
    assert StoredFile.objects.count() == 2
