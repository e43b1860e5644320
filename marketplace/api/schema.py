"""The OpenAPI document: envelopes, problems, idempotency keys and ways in, for every operation alike (FEATURES J19)."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import (
    ComponentRegistry,
    ResolvedComponent,
    build_mocked_view,
    normalize_result_object,
)
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import SAFE_METHODS, AllowAny
from rest_framework.serializers import Serializer

from marketplace.api import idempotency, middleware, problems, renderers

_TEXT = {"type": "string"}
PROBLEM_SCHEMA = {
    "type": "object",
    "description": "What went wrong (RFC 9457). `code` is stable; `errors` names fields as the caller sent them.",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "instance": _TEXT,
        "requestId": _TEXT,
        "code": {"type": "string", "pattern": "^[A-Z][A-Z_]*$"},
        "message": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": _TEXT, "message": _TEXT},
                "required": ["field", "message"],
            },
        },
        "timestamp": {"type": "string", "format": "date-time"},
        "path": _TEXT,
    },
}
PROBLEM_SCHEMA["required"] = list(PROBLEM_SCHEMA["properties"])

FAILURES = {
    "400": "The request is not valid; `errors` names the fields.",
    "401": "No key and no session, or a wrong, expired or revoked key.",
    "402": "Too little money in the wallet; nothing was done.",
    "403": "The caller may see this but may not do that.",
    "404": "There is no such thing, or the caller may not know of it.",
    "409": "The current state does not allow it.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "The Idempotency-Key was used for another request.",
    "429": "Too many requests, nothing was done; try again after `Retry-After` seconds.",
    "501": "Not set up on this site.",
    "503": "Busy; nothing was done. Send it again after `Retry-After` seconds.",
}


def _count(description: str, *, required: bool = False) -> dict[str, Any]:
    return {"description": description, "required": required, "schema": {"type": "integer", "minimum": 0}}


# Missing only while nobody can count.
LIMIT_HEADERS = {
    "RateLimit-Limit": _count("Requests in a window, of the limit that is nearest."),
    "RateLimit-Remaining": _count("Requests that are left in it."),
    "RateLimit-Reset": _count("Seconds until the window ends."),
    "X-RateLimit-Limit": _count("As RateLimit-Limit."),
    "X-RateLimit-Remaining": _count("As RateLimit-Remaining."),
    "X-RateLimit-Reset": _count("When the window ends, as a Unix timestamp."),
}
ON_CHANGE = ("402", "409", "413", "415", "422", "503")


class EnvelopeSchema(AutoSchema):
    """Reads an ApiViewSet's tables; wraps what is answered and adds what every operation shares."""

    def get_tags(self) -> list[str]:
        tag = getattr(self.view, "tag", "")
        return [tag] if tag else super().get_tags()

    def get_operation_id(self) -> str:
        """`jobsSubmit`; a second method for the same action is named after it: `jobsSubmitPost`."""
        action = getattr(self.view, "action", None) or self.method.lower()
        methods = list(getattr(getattr(self.view, action), "mapping", {})) or [self.method.lower()]
        noun = getattr(self.view, "basename", None) or self.get_tags()[0]
        name = f"{noun.replace('-', '_')}_{action}"
        return name if methods[0] == self.method.lower() else f"{name}_{self.method.lower()}"

    def get_summary(self) -> str:
        """The first sentence of the description: what a reader of the list sees beside the path."""
        sentence, _, _ = " ".join(self.get_description().split()).partition(". ")
        return sentence.removesuffix(".").replace("`", "")

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        # drf-spectacular ends the names of requests with this word itself.
        return super().get_serializer_name(serializer, direction).removesuffix("Request")

    def get_request_serializer(self) -> Any:
        return getattr(self.view, "request_serializers", {}).get(getattr(self.view, "action", None))

    def _is_list_view(self, serializer: Any = None) -> bool:
        return getattr(self.view, "action", None) == "list"

    def get_override_parameters(self) -> list[Any]:
        if orders := self._is_list_view() and list(getattr(self.view, "orders", ())):
            return [OpenApiParameter(name="sort", description="Which come first.", enum=orders)]
        if parameters := getattr(self.view, "parameter_serializers", {}).get(getattr(self.view, "action", None)):
            return [parameters]
        if self.method in SAFE_METHODS:
            return []
        key = OpenApiParameter(
            name=idempotency.HEADER,
            location=OpenApiParameter.HEADER,
            description="A name for this request: sent again, it does nothing again and gets the first answer.",
            type={"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        )
        return [key]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        created = getattr(self.view, "action", None) in getattr(self.view, "creating_actions", ())
        code = "201" if created else "200"
        bodies = {code: self._get_response_for_code(self.get_response_serializers(), code, direction=direction)}
        if getattr(self.view, "action", None) in getattr(self.view, "streaming_actions", ()):
            bodies = self._stream()
        elif getattr(self.view, "action", None) in getattr(self.view, "redirecting_actions", ()):
            bodies = {"302": self._redirect("A page for a browser.")}
        elif getattr(self.view, "action", None) in getattr(self.view, "downloads", ()):
            bodies = {"200": self._download()}
        return bodies | {code: self._problem(code) for code in self._failures()}

    def _stream(self) -> dict[str, Any]:
        """Server-sent events, perhaps at another address."""
        return {
            "200": {
                "description": "Events without end.",
                "headers": self._get_response_headers_for_code("200"),
                "content": {"text/event-stream": {"schema": _TEXT}},
            },
            "307": self._redirect("The stream is there."),
        }

    def _download(self) -> dict[str, Any]:
        return {
            "description": "Bytes to be saved.",
            "headers": self._get_response_headers_for_code("200"),
            "content": {renderers.BYTES: {"schema": {"type": "string", "format": "binary"}}},
        }

    def _redirect(self, description: str) -> dict[str, Any]:
        headers = self._get_response_headers_for_code("307")
        location = {
            "description": "Where to.",
            "required": True,
            "schema": {"type": "string", "format": "uri-reference"},
        }
        return {"description": description, "headers": {**headers, "Location": location}}

    def _failures(self) -> list[str]:
        public = any(isinstance(permission, AllowAny) for permission in self.view.get_permissions())
        codes = ["400"]
        codes += ["401"] if self.view.get_authenticators() else []
        # A session's change without an Origin of this site is refused also where everybody may ask.
        guarded = self.view.get_authenticators() and self.method not in SAFE_METHODS
        codes += ["403"] if guarded or not public else []
        codes += ["404"] if "{" in self.path else []
        codes += [] if self.method in SAFE_METHODS else ON_CHANGE
        codes += ["429"]
        action = getattr(self.view, "action", None) or self.method.lower()
        return [*codes, *getattr(self.view, "failures", {}).get(action, ())]

    def _problem(self, code: str) -> dict[str, Any]:
        component = ResolvedComponent(
            name="Problem", type=ResolvedComponent.SCHEMA, schema=PROBLEM_SCHEMA, object="problem"
        )
        self.registry.register_on_missing(component)
        return {
            "description": FAILURES[code],
            "headers": self._get_response_headers_for_code(code),
            "content": {problems.MEDIA_TYPE: {"schema": component.ref}},
        }

    def _get_response_headers_for_code(self, status_code: str, direction: Any = "response") -> dict[str, Any]:
        headers = {
            **super()._get_response_headers_for_code(status_code, direction),
            middleware.HEADER: {"description": "Quote it when you report a fault.", "required": True, "schema": _TEXT},
            **LIMIT_HEADERS,
        }
        if status_code in {"429", "503"}:
            required = status_code == "429"
            headers["Retry-After"] = _count("Seconds after which to send it again.", required=required)
        return headers

    def _get_response_for_code(
        self, serializer: Any, status_code: str, media_types: Any = None, direction: Any = "response"
    ) -> dict[str, Any]:
        response = super()._get_response_for_code(serializer, status_code, media_types, direction)
        paged = self._is_list_view() and getattr(self.view, "pagination_class", None)
        if not paged and not getattr(self.view, "bare", False):
            for media in response.get("content", {}).values():
                media["schema"] = self._envelope(media["schema"])
        return response

    def _envelope(self, schema: dict[str, Any]) -> dict[str, Any]:
        name = schema["$ref"].rpartition("/")[2] if "$ref" in schema else self.get_operation_id()
        component = ResolvedComponent(
            name=f"{name}Envelope",
            type=ResolvedComponent.SCHEMA,
            schema={
                "type": "object",
                "properties": {"data": schema, "meta": {"type": "object"}},
                "required": ["data", "meta"],
            },
            object=f"{name} envelope",
        )
        self.registry.register_on_missing(component)
        return component.ref


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """A key in either header."""

    target_class = "agents.authentication.ApiKeyAuthentication"
    name = ["apiKey", "bearer"]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, str]]:
        return [{"type": "apiKey", "in": "header", "name": "X-Api-Key"}, {"type": "http", "scheme": "bearer"}]


class AccessTokenScheme(OpenApiAuthenticationExtension):
    """The access token of a program that a person let in."""

    target_class = "agents.oauth.authentication.AccessTokenAuthentication"
    name = "accessToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class SessionScheme(OpenApiAuthenticationExtension):
    """The session of a person; changes need an Origin of this site."""

    target_class = "agents.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


class UsdcFieldSchema(OpenApiSerializerFieldExtension):
    """Written as a string; read as a string or a number."""

    target_class = "marketplace.api.fields.UsdcField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        if direction == "response":
            return {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2,6}$", "examples": ["50.00"]}
        return {
            "type": ["string", "number"],
            "pattern": r"^[0-9]{1,10}(\.[0-9]{1,6})?$",
            "exclusiveMinimum": 0,
            "maximum": 1_000_000_000,
            "examples": ["50.00"],
        }


class FixedFieldSchema(OpenApiSerializerFieldExtension):
    """A constant."""

    target_class = "marketplace.api.fields.FixedField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        """Said in a way that generators of clients know: their languages have no constants of every type."""
        match self.target.value:
            case []:
                return {"type": "array", "items": {}, "maxItems": 0}
            case None:
                return {"type": "null"}
            case float() as number:
                return {"type": "number", "minimum": number, "maximum": number}
            case other:
                return {"const": other}


def schema_of(serializer: type[Serializer[Any]]) -> dict[str, Any]:
    """The JSON Schema of what a serializer of plain fields writes: whole, without references."""
    view: Any = build_mocked_view("post", "/", extend_schema(), ComponentRegistry())
    schema: dict[str, Any] = normalize_result_object(view.schema._map_serializer(serializer(), "response"))
    return schema


def native_addresses(endpoints: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Those of this API, without the optional slash of the routes, which is not part of an address; drf-spectacular
    calls this before it reads them."""
    return [(path.rstrip("/"), *rest) for path, *rest in endpoints if path.startswith("/v1/")]
