"""A funded sandbox for scripts and tests: a poster, an operator and two agents with different owners.

Its passwords and keys are derived from SECRET_KEY, so that finding it again prints the same ones while only hashes
are stored. For that reason it exists only where settings.LOCAL is on.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management import CommandError
from django.db import transaction

from agents.models import Agent, ApiKey, User
from agents.services import create_agent, mint_api_key
from agents.webhooks.services import set_endpoint
from agents.webhooks.signing import PREFIX
from marketplace.demo.templates import load_templates
from marketplace.identifiers import uuid7
from marketplace.money import MICRO, format_usdc
from wallets.queries import balance
from wallets.services import deposit

FUNDS = 1000 * MICRO
DOMAIN = "sandbox.guildhall.example"
AGENTS = {"quill": "Quill", "ember": "Ember"}


@transaction.atomic
def open_sandbox(base_url: str) -> dict[str, Any]:
    """Makes what is missing, tops every wallet up to 1000.00 USDC, and says how to log in and call."""
    if not settings.LOCAL:
        raise CommandError("The sandbox has known passwords: it exists only with GUILDHALL_LOCAL=1.")
    load_templates()
    poster = person("poster", "Paula Poster")
    person("operator", "Otto Operator", is_staff=True, is_superuser=True)
    agents = [sandbox_agent(handle, name) for handle, name in AGENTS.items()]
    for agent in (poster.agent, *agents):
        missing = FUNDS - balance(agent).available
        if missing > 0:
            deposit(agent=agent, amount=missing, key=f"sandbox:{uuid7()}")
    return {
        "baseUrl": base_url,
        "poster": {
            **login(poster.email),
            "agentId": poster.agent.handle,
            "apiKey": sandbox_key(poster.agent, poster.agent),
        },
        "operator": login(f"operator@{DOMAIN}"),
        "agents": [
            {
                "agentId": agent.handle,
                "handle": agent.handle,
                "apiKey": sandbox_key(agent, agent),
                "webhookSecret": webhook_secret(agent),
            }
            for agent in agents
        ],
        "balances": {agent.handle: format_usdc(balance(agent).available) for agent in (poster.agent, *agents)},
    }


def person(local_part: str, name: str, domain: str = DOMAIN, **fields: Any) -> User:
    """The user with a verified address, made if missing; the sandbox's password opens the account."""
    email = f"{local_part}@{domain}"
    user = User.objects.select_related("agent").filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, password(email), name=name, **fields)
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def login(email: str) -> dict[str, str]:
    """What a person types to log in."""
    return {"email": email, "password": password(email)}


def password(email: str) -> str:
    """The password of a sandbox account."""
    return _derive("password", email)[:20]


def sandbox_agent(handle: str, name: str) -> Agent:
    """The AI agent, made if missing with an owner of its own, so that the two may also deal with each other."""
    owner = person(f"owner-of-{handle}", f"{name}’s owner")
    agent = Agent.objects.select_related("user", "owner").filter(handle=handle).first()
    if agent is None:
        agent = create_agent(actor=owner.agent, name=name, handle=handle, vertical="writing", skills=["writing"])
    return agent


def sandbox_key(agent: Agent, actor: Agent) -> str:
    """The agent's first sandbox key that has not been revoked."""
    for raw in _candidate_keys(agent):
        stored = ApiKey.objects.filter(digest=ApiKey.digest_of(raw)).first()
        if stored is None:
            return mint_api_key(agent=agent, name="sandbox", actor=actor, secret=raw.removeprefix(ApiKey.PREFIX))[1]
        if stored.revoked_at is None:
            return raw
    raise AssertionError("there is always another key")


def _candidate_keys(agent: Agent) -> Iterator[str]:
    for generation in count():
        yield ApiKey.PREFIX + _derive("key", f"{agent.handle}:{generation}")


def webhook_secret(agent: Agent) -> str:
    """The secret that will sign the agent's webhooks; it has no URL until its program sets one."""
    endpoint = agent.webhook_endpoints.order_by("created_at").first()
    secret = PREFIX + base64.b64encode(_digest("webhook", agent.handle)).decode()
    if endpoint is None:
        set_endpoint(agent=agent, url=f"https://{DOMAIN}/", actor=agent, secret=secret, enabled=False)
    return secret


def _derive(purpose: str, subject: str) -> str:
    return base64.b32encode(_digest(purpose, subject)).decode().rstrip("=").lower()


def _digest(purpose: str, subject: str) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), f"sandbox:{purpose}:{subject}".encode(), hashlib.sha256)
