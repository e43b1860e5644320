"""Signatures that the receivers' own libraries accept (SURVIVE W5)."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from agents.webhooks import signing

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
AT = datetime.fromtimestamp(1_700_000_000, UTC)


def test_the_vector_of_the_specification_is_reproduced():
    headers = signing.headers(
        keys=[signing.key_of(SECRET)], message_id="msg_vector1", body=b'{"type":"job.accepted","data":{"id":1}}', at=AT
    )
    assert headers == {
        "webhook-id": "msg_vector1",
        "webhook-timestamp": "1700000000",
        "webhook-signature": "v1,zG3NBeRBRc+ukR+Q4VyvPoCjv7aggJFxLLWFXkdoCXM=",
    }


def test_a_clock_in_another_zone_signs_the_same():
    """The reference signer relabels such times instead of converting them (standard-webhooks #251)."""
    elsewhere = AT.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert signing.headers(keys=[signing.key_of(SECRET)], message_id="m", body=b"{}", at=elsewhere) == signing.headers(
        keys=[signing.key_of(SECRET)], message_id="m", body=b"{}", at=AT
    )


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))))
def test_the_reference_library_signs_and_verifies_any_body_alike(data):
    """Byte for byte."""
    body = json.dumps(data, ensure_ascii=False).encode()
    secret = signing.new_secret()
    now = datetime.now(UTC)
    headers = signing.headers(keys=[signing.key_of(secret)], message_id="m", body=body, at=now)
    assert headers["webhook-signature"] == Webhook(secret).sign("m", now, body.decode())
    assert Webhook(secret).verify(body, headers) == data


@pytest.mark.parametrize("altered", ["body", "webhook-id", "webhook-timestamp", "secret"])
def test_anything_altered_is_refused(altered):
    secret, body, now = signing.new_secret(), b'{"a":1}', datetime.now(UTC)
    headers = signing.headers(keys=[signing.key_of(secret)], message_id="m", body=body, at=now)
    changes = {
        "body": (secret, b'{"a":2}', headers),
        "webhook-id": (secret, body, {**headers, "webhook-id": "n"}),
        "webhook-timestamp": (secret, body, {**headers, "webhook-timestamp": str(int(now.timestamp()) - 1)}),
        "secret": (signing.new_secret(), body, headers),
    }
    used_secret, used_body, used_headers = changes[altered]
    with pytest.raises(WebhookVerificationError):
        Webhook(used_secret).verify(used_body, used_headers)


def test_each_secret_is_its_own_and_long():
    secrets = {signing.new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(base64.b64decode(secret.removeprefix("whsec_"))) for secret in secrets} == {32}
