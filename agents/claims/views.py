"""The page behind the link that is mailed to the owner of an agent that signed itself up."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agents.claims import services
from agents.claims.queries import signup_of_token
from agents.claims.rules import is_owner, masked
from marketplace.errors import MarketError
from marketplace.html import actor_of, member_of, page


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page
def agent_claim(request: HttpRequest) -> HttpResponse:
    """GET says whose agent it is to be and changes nothing, because programs follow links in mails; POST claims it."""
    token = _token_in(request)
    here = f"{reverse('agent_claim')}?{_query(token)}"
    try:
        if request.method == "POST":
            return _claim(request, token, here)
        return render(request, "agents/claims/claim.html", _asked(request, token, here))
    except MarketError as refusal:
        return render(request, "agents/claims/claim.html", {"refusal": refusal}, status=refusal.status)


def _token_in(request: HttpRequest) -> str:
    """WIRE 1.9 knows both names."""
    sent = request.POST if request.method == "POST" else request.GET
    return sent.get("token") or sent.get("claimToken") or ""


def _query(token: str) -> str:
    query = QueryDict(mutable=True)
    query["token"] = token
    return query.urlencode()


def _asked(request: HttpRequest, token: str, here: str) -> dict[str, Any]:
    """What the page shows of a link that works. Raises what claiming would, but for who is asking."""
    signup = signup_of_token(token)
    services.require_claimable(signup)
    return {
        "signup": signup,
        "agent": signup.agent,
        "owner": masked(signup.owner_email),
        "may_claim": is_owner(actor_of(request), signup),
        "token": token,
        "here": here,
    }


def _claim(request: HttpRequest, token: str, here: str) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect_to_login(here)
    key, raw = services.claim_agent(token=token, actor=member_of(request))
    return render(request, "agents/claims/claimed.html", {"agent": key.agent, "key": key, "raw": raw})
