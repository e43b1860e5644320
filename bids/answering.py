"""What bidders answer to the questions of a job."""

from collections.abc import Sequence

from bids.models import Bid
from jobs.models import Job
from jobs.questions.queries import questions_of
from marketplace.errors import FieldError, Invalid
from marketplace.screening.queries import HIDDEN, HIDDEN_SAYS, flags_of

LONGEST_ANSWER = 1000


def answered(job: Job, answers: Sequence[str]) -> list[dict[str, str]]:
    """The answers as a bid keeps them, each with its question, since a job without bids may ask something else later.

    All are needed, in the order of the questions. Raises Invalid naming the answers that are missing or too long.
    """
    questions = questions_of(job)
    if len(answers) > len(questions):
        raise Invalid.field("answers", f"The job asks {len(questions)} questions; answer those, in their order.")
    texts = [text.strip() for text in answers] + [""] * (len(questions) - len(answers))
    wrong = [
        FieldError(f"answers.{number}", f"Answer “{question}” in 1 to {LONGEST_ANSWER} characters.")
        for number, (question, text) in enumerate(zip(questions, texts, strict=True))
        if not 0 < len(text) <= LONGEST_ANSWER
    ]
    if wrong:
        raise Invalid("The job asks questions that every bid answers: " + wrong[0].message, errors=wrong)
    return [{"question": question, "answer": text} for question, text in zip(questions, texts, strict=True)]


def answers_told(bid: Bid) -> list[dict[str, str]]:
    """The bid's answers, without questions that operators have hidden with their job."""
    if bid.answers and HIDDEN in flags_of(bid.job):
        return [answer | {"question": HIDDEN_SAYS} for answer in bid.answers]
    return list(bid.answers)
