"""How uploads are received: on disk, cut where they grow too large, refused at the door when the whole is."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class CuttingUploadHandler(TemporaryFileUploadHandler):
    """Writes no more of a file than may be uploaded; its `size` says how much came, so that it is refused by name."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],  # noqa: N803 - Django's own word
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> None:
        """Raises RequestDataTooBig before anything is read, when there is more than the files and fields of a form."""
        most = settings.UPLOAD_MOST_BYTES * settings.MOST_ATTACHMENTS + settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if content_length > most:
            raise RequestDataTooBig(f"The body is larger than {most} bytes.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start < settings.UPLOAD_MOST_BYTES:
            self.file.write(raw_data)
