"""The small square that stands for somebody, drawn anew out of what was uploaded."""

from io import BytesIO

from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageOps

from agents.files.contents import examine
from marketplace.errors import Invalid

PIXELS = 256
QUALITY = 85


def square_of(upload: UploadedFile) -> bytes:
    """The middle of the picture as WebP, without anything else that was in the file. Raises Invalid naming `file`,
    TooLarge."""
    picture = examine(upload).picture
    if picture is None:
        raise Invalid.field("file", "Is no picture; send a PNG, JPEG, GIF or WebP.")
    buffer = BytesIO()
    # Of the preview, which is ours already and never large.
    with Image.open(BytesIO(picture.preview), formats=["WEBP"]) as preview:
        ImageOps.fit(preview, (PIXELS, PIXELS)).save(buffer, "WEBP", quality=QUALITY)
    return buffer.getvalue()
