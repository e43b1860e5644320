"""Files to upload, good and bad."""

import struct
import zlib
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from agents.files.models import StoredFile
from agents.files.services import store_file
from agents.models import Agent
from tests.fixtures import ApiClient

SECRET = "taken at home"


def image(format: str = "PNG", size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    """A picture with metadata that says more than it shows."""
    picture = Image.effect_noise(size, 40).convert("RGB")
    told: dict[str, Any] = {}
    if format == "PNG":
        told["pnginfo"] = PngInfo()
        told["pnginfo"].add_text("Comment", SECRET)
    elif format in ("JPEG", "GIF"):
        told["comment"] = SECRET.encode()
    buffer = BytesIO()
    picture.save(buffer, format, **told, **options)
    return buffer.getvalue()


def flood(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few bytes that promises billions of pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def zip_bomb() -> bytes:
    """A small archive of 200 MB of nothing."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        archive.writestr("zeros.txt", b"\0" * 200_000_000)
    return buffer.getvalue()


def upload(name: str = "notes.txt", content: bytes = b"Some notes.") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def kept(owner: Agent, name: str = "notes.txt", content: bytes = b"Some notes.") -> StoredFile:
    """A file of the owner's, attached to nothing."""
    return store_file(actor=owner, upload=upload(name, content))


def send(api: ApiClient, name: str = "notes.txt", content: bytes = b"Some notes.", **headers: str) -> Any:
    """POST /v1/files."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return api.client.post("/v1/files", {"file": upload(name, content)}, headers=named)
