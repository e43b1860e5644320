"""Bodies of the token endpoint: JSON as the command line sends it, or a form as RFC 6749 has it."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import QueryDict
from rest_framework.parsers import FormParser

from marketplace.api.parsers import require_storable


class FormBodyParser(FormParser):
    """A form in UTF-8 of bounded size."""

    def parse(  # type: ignore[override]  # the first of each name is enough
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig("The form is too large.")
        values: dict[str, Any] = QueryDict(body, encoding="utf-8").dict()
        require_storable(values)
        return values
