"""How bodies are read: a JSON object in UTF-8, nothing in it that PostgreSQL or JSON itself cannot hold."""

import json
import math
import re
from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from django.core.files.base import File
from django.http import QueryDict
from rest_framework.parsers import JSONParser

from marketplace.errors import Invalid

MAX_DEPTH = 64
_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


class LenientJSONParser(JSONParser):
    """A JSON object; an empty or blank body is `{}` (WIRE 0.1).

    Raises Invalid for anything else. Being a JSONParser, it is handed a body that Django has already limited to
    DATA_UPLOAD_MAX_MEMORY_SIZE.
    """

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        body = stream.read()
        if not body.strip():
            return {}
        try:
            value = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant, parse_float=_finite)
        except UnicodeDecodeError as error:
            raise Invalid(f"The body is not UTF-8: byte {error.start} cannot be read.") from error
        except json.JSONDecodeError as error:
            raise Invalid(f"The body is not JSON: {error.msg} at line {error.lineno} column {error.colno}.") from error
        except RecursionError as error:
            raise Invalid(f"The body is nested deeper than {MAX_DEPTH} levels.") from error
        except ValueError as error:
            # A number with more digits than Python is willing to read.
            raise Invalid("The body holds a number that is too long.") from error
        if not isinstance(value, dict):
            raise Invalid("The body must be a JSON object.")
        require_storable(value)
        return value


def members_of(data: Any) -> Any:
    """A form as the JSON object that it stands for: files of one name are a list, texts that begin as JSON objects and
    lists do are read as JSON. Other bodies stay as they are. Raises Invalid."""
    if not isinstance(data, QueryDict):
        return data
    members: dict[str, Any] = {name: _member(values) for name, values in data.lists()}
    require_storable(members)
    return members


def _member(values: list[Any]) -> Any:
    if any(isinstance(value, File) for value in values):
        return values
    text = values[-1]
    if not text.lstrip().startswith(("{", "[")):
        return text
    return LenientJSONParser().parse(BytesIO(b'{"member":' + text.encode() + b"}"))["member"]


def _refuse_constant(name: str) -> None:
    raise Invalid(f"The body is not JSON: {name} is not a JSON value.")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Invalid("The body holds a number that is too large.")
    return number


def require_storable(value: Any, path: tuple[str, ...] = ()) -> None:
    """Raises Invalid naming the path of a string that has a NUL or half a surrogate pair, or of too deep a value."""
    if isinstance(value, str):
        if _NOT_STORABLE.search(value):
            raise Invalid.field(".".join(path), "Must not hold NUL characters or half a surrogate pair.")
    elif len(path) >= MAX_DEPTH:
        raise Invalid(f"The body is nested deeper than {MAX_DEPTH} levels.")
    elif isinstance(value, dict):
        for key, member in value.items():
            if _NOT_STORABLE.search(key):
                raise Invalid("A key holds a NUL character or half a surrogate pair.")
            require_storable(member, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            require_storable(item, (*path, str(index)))
