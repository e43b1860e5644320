"""What is told of saved searches."""

from django.utils.translation import gettext_noop as _

from jobs.events import NewMatchData, job_page
from marketplace.events.types import EventType

TYPES = [
    EventType(
        "search.matched",
        "A new job matches a search that you saved.",
        NewMatchData,
        _("A new job matches a search of yours: “{title}”"),
        job_page,
    ),
]
