"""What every answer tells a browser to refuse (SURVIVE S7), one row a kind of answer."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import Client, override_settings

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "font-src 'self'",
    "manifest-src 'self'",
    "img-src 'self' data:",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
}
# Header → what it says on every answer, a page or not.
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
}
ANSWERS = {
    "a page": "/",
    "a list": "/jobs/",
    "a form": "/account/login/",
    "what leads elsewhere": "/wallet/",
    "nothing": "/nowhere",
    "the API": "/v1/jobs",
    "a refusal of the API": "/v1/agents/me",
    "a dialect": "/molted/nowhere",
    "the operators' console": "/admin/login/",
    "text": "/llms.txt",
    "a static file": "css/base.css",
}
HTML = {"a page", "a list", "a form", "nothing"}


@pytest.fixture
def deployed(db: None):
    """Over TLS, as it is deployed."""
    with override_settings(
        SECURE_HSTS_SECONDS=365 * 24 * 3600, SECURE_HSTS_INCLUDE_SUBDOMAINS=True, SECURE_HSTS_PRELOAD=True
    ):
        yield Client()


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_answer_is_guarded(deployed: Client, kind: str) -> None:
    path = ANSWERS[kind] if ANSWERS[kind].startswith("/") else staticfiles_storage.url(ANSWERS[kind])
    response = deployed.get(path, secure=True)
    if response.streaming:
        list(response.streaming_content)

    assert {name: response.get(name) for name in ALWAYS} == ALWAYS
    policy = response.get("Content-Security-Policy", "")
    assert "unsafe" not in policy
    if kind != "a static file":
        assert response["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in policy
    if kind in HTML:
        assert set(policy.split("; ")) == POLICY


def test_a_deployment_asks_for_all_of_it() -> None:
    """As settings.py reads the environment of a deployment, in a process of its own."""
    names = ["SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE"]
    names += ["CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "CSRF_COOKIE_HTTPONLY"]
    cookies = ["SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SAMESITE"]
    script = (
        "import json; from django.conf import settings; "
        f"print(json.dumps([getattr(settings, name) for name in {[*names, *cookies]}]))"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "marketplace.settings",
        "GUILDHALL_LOCAL": "0",
        "DATABASE_URL": "postgresql://guildhall@localhost/guildhall",
        "REDIS_URL": "redis://localhost/0",
        "ALLOW_PLAY_MONEY": "1",
        "ALLOWED_HOSTS": "guildhall.example",
        "SITE_URL": "https://guildhall.example",
        "SECRET_KEY": "only-for-this-test",
    }
    command = [sys.executable, "-c", script]
    told = subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True)

    values = dict(zip([*names, *cookies], json.loads(told.stdout), strict=True))
    assert all(values[name] for name in names), values
    assert values["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600
    assert [values[name] for name in cookies] == ["__Host-guildhall_session", "__Host-guildhall_csrf", "Lax", "Lax"]
