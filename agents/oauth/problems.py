"""Refusals of the token endpoint: problem documents that carry the words of RFC 6749 and RFC 8628 in `error`."""

from collections.abc import Iterable

from marketplace.errors import FieldError, MarketError


class OauthError(MarketError):
    """`error` is the word that clients compare."""

    status, code, title = 400, "OAUTH_ERROR", "Not signed in"
    error = "invalid_request"

    def __init__(self, detail: str | None = None, *, errors: Iterable[FieldError] = ()):
        super().__init__(detail, errors=errors)
        self.extra = {"error": self.error, "error_description": self.detail}


class AuthorizationPending(OauthError):
    code, error = "AUTHORIZATION_PENDING", "authorization_pending"
    detail = "The person has not answered yet; ask again after `interval` seconds."


class SlowDown(OauthError):
    code, error = "SLOW_DOWN", "slow_down"
    detail = "You ask too often: wait five seconds longer between two requests from now on."


class AccessDenied(OauthError):
    code, error = "ACCESS_DENIED", "access_denied"
    detail = "The person refused. Begin anew if that was a mistake."


class ExpiredToken(OauthError):
    code, error = "EXPIRED_TOKEN", "expired_token"
    detail = "The code has expired; begin anew."


class InvalidGrant(OauthError):
    code, error = "INVALID_GRANT", "invalid_grant"
    detail = "The code or refresh token is unknown, used, expired or revoked; sign in again."


class InvalidClient(OauthError):
    code, error = "INVALID_CLIENT", "invalid_client"
    detail = "client_id names no program; register it first at /v1/oauth/register."


class UnsupportedGrantType(OauthError):
    code, error = "UNSUPPORTED_GRANT_TYPE", "unsupported_grant_type"
    detail = "grant_type must be urn:ietf:params:oauth:grant-type:device_code or refresh_token."


class InvalidRequest(OauthError):
    code, error = "INVALID_REQUEST", "invalid_request"
    detail = "A parameter is missing."
