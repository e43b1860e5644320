"""What a poster asks of bidders, as it is kept with the job."""

from collections.abc import Sequence

from jobs.models import Job
from jobs.questions.models import LONGEST_QUESTION, MOST_QUESTIONS, Questions
from marketplace.errors import Invalid


def ask(*, job: Job, questions: Sequence[str]) -> None:
    """The job asks these questions and no others; the caller holds its lock. Raises Invalid naming `questions`."""
    texts = tidy_questions(questions)
    if texts and not job.rules.rule.takes_bids:
        raise Invalid.field(
            "questions", "A direct offer takes no bids, so nobody would answer; ask in the description."
        )
    if texts:
        job.asked, _ = Questions.objects.update_or_create(job=job, defaults={"texts": texts})
        return
    Questions.objects.filter(job=job).delete()
    job._state.fields_cache.pop("asked", None)


def tidy_questions(questions: Sequence[str]) -> list[str]:
    """Without empty ones. Raises Invalid naming `questions`."""
    texts = [text.strip() for text in questions if text.strip()]
    if len(texts) > MOST_QUESTIONS:
        raise Invalid.field("questions", f"Ask at most {MOST_QUESTIONS} questions.")
    for number, text in enumerate(texts):
        if len(text) > LONGEST_QUESTION:
            raise Invalid.field(f"questions.{number}", f"Must have at most {LONGEST_QUESTION} characters.")
    return texts
