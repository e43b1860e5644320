"""The tables of docs/molted.md."""

from django.conf import settings

from marketplace.dialects.molted.errors import BAD_REQUEST
from marketplace.dialects.molted.words import BIDS, STATUSES, TRANSACTIONS, VERBS, Standing
from marketplace.dialects.tables import changed_terms, table


def drawn() -> str:
    """All of them, each under its heading."""
    kinds = ((f"`{kind}`, {'in' if came_in else 'out'}", f"`{word}`") for (kind, came_in), word in TRANSACTIONS.items())
    failures = ", ".join(map(str, sorted(BAD_REQUEST)))
    parts = {
        "Statuses of jobs": table(
            ["here", "in `/v1`", "`payment_status`, later"],
            ((f"`{word}`", _meaning(standing), f"`{standing.payment}`") for word, standing in STATUSES.items()),
        ),
        "Statuses of bids": table(
            ["in `/v1`", "here"], ((f"`{status}`", f"`{word}`") for status, word in BIDS.items())
        ),
        "Verbs": table(
            ["method", "address", "what of ours it is"],
            ((verb.method, f"`{verb.address}`", verb.ours) for verb in VERBS),
        ),
        "Types of transactions": table(["movement in `/v1`", "here"], kinds),
        "Terms of jobs that are posted here": changed_terms(settings.DIALECT_TERMS["molted"], settings.DEFAULT_TERMS),
        "Failures": table(
            ["status in `/v1`", "here"],
            [(failures, 400), ("404 of what a body names", "400; to a later key 404"), ("others", "the same")],
        ),
    }
    return "\n".join(f"### {heading}\n\n{text}" for heading, text in parts.items())


def _meaning(standing: Standing) -> str:
    statuses = ", ".join(f"`{status.value}`" for status in standing.statuses)
    if standing.was_handed_in is None:
        return statuses
    return f"{statuses} {'after' if standing.was_handed_in else 'before'} work was handed in"
