"""What a poster wants changed, point by point, and which points the worker says are done."""

from collections.abc import Iterable, Sequence
from typing import Any

from jobs.models import Job
from marketplace.errors import Invalid

MOST_POINTS = 20
LONGEST_POINT = 500


def new_points(texts: Sequence[str]) -> list[dict[str, Any]]:
    """The points as a submission keeps them, none done yet. Raises Invalid naming `points`."""
    points = [text.strip() for text in texts if text.strip()]
    if len(points) > MOST_POINTS:
        raise Invalid.field("points", f"Name at most {MOST_POINTS} points.")
    for number, point in enumerate(points):
        if len(point) > LONGEST_POINT:
            raise Invalid.field(f"points.{number}", f"Must have at most {LONGEST_POINT} characters.")
    return [{"text": point, "is_done": False} for point in points]


def tick_points(job: Job, numbers: Iterable[int]) -> None:
    """The worker says that these points, counted from 1, are done. Raises Invalid for one that there is not."""
    done = set(numbers)
    if not done:
        return
    latest = job.submissions.order_by("-number").first()
    if latest is None or not done <= set(range(1, len(latest.points) + 1)):
        raise Invalid.field("donePoints", "Name points of the latest request for changes by their numbers, from 1.")
    latest.points = [{**point, "is_done": number in done} for number, point in enumerate(latest.points, 1)]
    latest.save(update_fields=["points"])
