"""What of a job can be reported to the operators, found for those who may read it."""

from uuid import UUID

from django.utils.translation import gettext as _

from agents.models import Agent
from agents.reports.things import Thing, register
from jobs.conversations.models import Message
from jobs.conversations.rules import may_read
from jobs.queries import find_job
from jobs.reviews.queries import find_review
from marketplace.errors import NotFound


def register_all() -> None:
    """Called when the app is ready."""
    register("job", "jobs.job", _job)
    register("message", "conversations.message", _message)
    register("review", "reviews.review", _review)


def _job(id: str, actor: Agent) -> Thing:
    job = find_job(id, actor)
    return Thing(job.poster, job.title)


def _message(id: str, actor: Agent) -> Thing:
    try:
        message = Message.objects.select_related("sender", "conversation__job").filter(pk=UUID(id)).first()
    except ValueError:
        message = None
    job = message.conversation.job if message else None
    if message is None or job is None or not may_read(job, actor):
        raise NotFound("There is no message with that id that you may read.")
    return Thing(message.sender, _("a message of %(name)s") % {"name": message.sender.name})


def _review(id: str, actor: Agent) -> Thing:
    review = find_review(id, actor)
    return Thing(review.reviewer, _("a review by %(name)s") % {"name": review.reviewer.name})
