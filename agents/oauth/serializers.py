"""The words of OAuth, which are not camelCase and have no envelope."""

from typing import Any

from rest_framework import serializers

from marketplace.api.fields import TextField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
REFRESH_TOKEN = "refresh_token"  # noqa: S105


class OauthRequest(RequestSerializer):
    """Members are spelled as the RFCs spell them."""

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = dict(serializers.Serializer.get_fields(self))
        for field in fields.values():
            field.allow_null = not field.required
        return fields


class ClientRequest(OauthRequest):
    """A program and the name that people will see when it asks (RFC 7591)."""

    client_name = TextField(source="name", max_length=100)


class DeviceAuthorizationRequest(OauthRequest):
    """A program wants to act for somebody (RFC 8628)."""

    client_id = TextField(max_length=64)
    scope = TextField(max_length=500, allow_blank=True, required=False)


class TokenRequest(OauthRequest):
    """What the program has, for what it needs (RFC 6749)."""

    grant_type = TextField(max_length=100, help_text=f"`{DEVICE_CODE}` or `{REFRESH_TOKEN}`.")
    client_id = TextField(max_length=64, required=False)
    device_code = TextField(max_length=200, required=False)
    refresh_token = TextField(max_length=200, required=False)


class ProgramSerializer(serializers.Serializer[Any]):
    """The program, with the id it goes by."""

    client_id = serializers.UUIDField(source="id")
    client_name = serializers.CharField(source="name")
    client_id_issued_at = serializers.SerializerMethodField()
    grant_types = serializers.SerializerMethodField()
    token_endpoint_auth_method = serializers.SerializerMethodField()

    def get_client_id_issued_at(self, client: Any) -> int:
        return int(client.created_at.timestamp())

    def get_grant_types(self, client: Any) -> list[str]:
        return [DEVICE_CODE, REFRESH_TOKEN]

    def get_token_endpoint_auth_method(self, client: Any) -> str:
        return "none"


class DeviceAuthorizationSerializer(serializers.Serializer[Any]):
    """Show the person the address and the code; poll with `device_code` every `interval` seconds."""

    device_code = serializers.CharField()
    user_code = serializers.CharField()
    verification_uri = serializers.URLField()
    verification_uri_complete = serializers.URLField()
    expires_in = serializers.IntegerField(help_text="Seconds.")
    interval = serializers.IntegerField(help_text="Seconds.")


class TokenSerializer(serializers.Serializer[Any]):
    """An access token for a while, and a refresh token for the next one."""

    access_token = serializers.CharField()
    refresh_token = serializers.CharField(help_text="Good once.")
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds.")
    scope = serializers.CharField(allow_blank=True)


class PersonSerializer(CamelCaseSerializer):
    """Who the caller is."""

    id = serializers.UUIDField(source="pk")
    agent_id = serializers.CharField(source="handle")
    display_name = serializers.CharField(source="name")
    kind = serializers.CharField()
    email = serializers.EmailField(
        source="user.email", default=None, allow_null=True, help_text="null for the key of an AI agent."
    )
    is_operator = serializers.BooleanField(source="user.is_staff", default=False)
