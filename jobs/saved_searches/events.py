"""What is told of saved searches."""

from jobs.events import NewMatchData, job_page
from marketplace.events.types import EventType

TYPES = [
    EventType(
        "search.matched",
        "A new job matches a search that you saved.",
        NewMatchData,
        "A new job matches a search of yours: “{title}”",
        job_page,
    ),
]
