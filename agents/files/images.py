"""Images, drawn anew: what comes out holds the picture and nothing else that was in the file."""

import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from django.conf import settings
from PIL import Image, ImageOps

from marketplace.errors import Invalid

PREVIEW_PIXELS = 800
QUALITY = 88
# What decoders raise when they come upon broken files, and what Pillow warns of.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, ArithmeticError, Warning, Image.DecompressionBombError)


@dataclass(frozen=True)
class Picture:
    """An image of ours: the same format as the one that was sent, and a smaller WebP to show on pages."""

    content: bytes
    preview: bytes
    width: int
    height: int


def draw_anew(stream: IO[bytes], format: str) -> Picture:
    """The first picture of the file, upright, without metadata. Raises Invalid naming `file` for what is no image of
    that format, is broken, or has more pixels than settings.UPLOAD_MOST_PIXELS."""
    try:
        with warnings.catch_warnings(), Image.open(stream, formats=[format]) as image:
            warnings.simplefilter("error")
            # Known from the header: nothing is unpacked before.
            if image.width * image.height > settings.UPLOAD_MOST_PIXELS:
                millions = settings.UPLOAD_MOST_PIXELS // 1_000_000
                raise Invalid.field("file", f"Has too many pixels; send an image of at most {millions} million.")
            plain = _plain(image)
    # Pillow raises whatever its decoders come upon; the list is those that broken files are known to cause.
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        ArithmeticError,
        Warning,
        Image.DecompressionBombError,
    ) as error:
        raise Invalid.field("file", f"Is not a {format} image that can be read; save it again and resend.") from error
    small = plain.copy()
    small.thumbnail((PREVIEW_PIXELS, PREVIEW_PIXELS))
    return Picture(_encode(plain, format), _encode(small, "WEBP"), plain.width, plain.height)


def _plain(image: Image.Image) -> Image.Image:
    """Pixels alone, turned as the camera was held."""
    upright = ImageOps.exif_transpose(image)
    has_alpha = "A" in upright.getbands() or "transparency" in upright.info
    plain = upright.convert("RGBA" if has_alpha and image.format != "JPEG" else "RGB")
    plain.info.clear()
    return plain


def _encode(image: Image.Image, format: str) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format, **({"quality": QUALITY} if format in ("JPEG", "WEBP") else {}))
    return buffer.getvalue()
