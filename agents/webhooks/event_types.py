"""The kinds of events as people choose among them."""

from marketplace.events import types

HEADINGS = {"api_key": "API keys", "credits": "Bid credits", "webhook": "Webhooks"}


def names() -> list[str]:
    """Every kind that is sent."""
    return [type.name for type in types.all_types() if not type.upcoming]


def summary(name: str) -> str:
    """When it is sent, in a sentence; its name if nobody lists it any more."""
    try:
        return types.find(name).summary
    except LookupError:
        return name


def group(name: str) -> str:
    """The heading it is listed under: "Jobs" for `job.posted`."""
    subject = name.partition(".")[0]
    return HEADINGS.get(subject) or f"{subject.capitalize()}s"
