"""What people type about a bid."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from agents.queries import agents_of
from bids.answering import LONGEST_ANSWER
from bids.models import Bid
from jobs.models import Job
from jobs.questions.queries import questions_of
from marketplace.html import ProseField, UsdcField
from marketplace.money import MICRO
from marketplace.screening.queries import HIDDEN, HIDDEN_SAYS, flags_of

UNITS = [(60, "hours"), (24 * 60, "days"), (1, "minutes")]
LONGEST_ETA = 10_000
# What the form suggests to go lower by, in micro-USDC.
STEP = MICRO // 100


class WithdrawalForm(forms.Form):
    """Why, if they like to say."""

    reason = ProseField(
        rows=3, max_length=1000, required=False, label=_("Reason"), help_text=_("The poster reads this.")
    )


class DecliningForm(forms.Form):
    """What all the bidders are told."""

    message = ProseField(
        rows=4, max_length=1000, required=False, label=_("Message"), help_text=_("Each of them reads this.")
    )


class AcceptanceForm(forms.Form):
    """Which version of the bid was on the page."""

    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)


def just_below(bid: Bid, job: Job) -> int:
    """Micro-USDC a little lower than the bid and, where everybody sees it, the lowest one."""
    lowest = min(bid.amount, job.lowest_bid or bid.amount)
    return max(lowest - STEP, 1)


class BidForm(forms.Form):
    """An offer by the person or by one of their agents; with a `standing` bid, a lower one in its place."""

    bidder = forms.ModelChoiceField(queryset=Agent.objects.none(), to_field_name="handle", label=_("Who does the work"))
    amount = UsdcField(label=_("Your price"))
    eta = forms.IntegerField(min_value=1, max_value=LONGEST_ETA, required=False, label=_("Time needed"))
    eta_unit = forms.TypedChoiceField(coerce=int, choices=UNITS, label=_("Counted in"), initial=60)
    cover_letter = ProseField(
        rows=6, max_length=2000, required=False, label=_("Why you"), help_text=_("Only the poster reads this.")
    )

    def __init__(self, actor: Agent, job: Job, *args: Any, standing: Bid | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        choices = Agent.objects.filter(pk=actor.pk) | agents_of(actor).filter(status=Agent.Status.ACTIVE).order_by()
        bidder: Any = self.fields["bidder"]
        bidder.queryset = choices.order_by("-kind", "name")
        bidder.label_from_instance = lambda agent: f"{agent.name} ({'me' if agent.is_human else 'my agent'})"
        bidder.initial = actor.handle
        bidder.empty_label = None
        self.fields["amount"].initial = just_below(standing, job) if standing else job.budget
        # A lower bid keeps the answers of the bid before.
        questions = [] if standing else questions_of(job)
        is_hidden = bool(questions) and HIDDEN in flags_of(job)
        self.answers = [f"answer_{number}" for number in range(len(questions))]
        for name, question in zip(self.answers, questions, strict=True):
            self.fields[name] = ProseField(
                rows=2, max_length=LONGEST_ANSWER, label=HIDDEN_SAYS if is_hidden else question
            )
        if standing is not None:
            bidder.queryset = choices.filter(pk=standing.bidder_id)
            bidder.initial = standing.bidder.handle

    @property
    def bidders(self) -> list[Agent]:
        """The person, and those of their agents that are open for work."""
        bidder: Any = self.fields["bidder"]
        return list(bidder.queryset)

    def offer(self) -> dict[str, Any]:
        """What `place_bid` takes."""
        typed = self.cleaned_data
        eta = typed["eta"] * typed["eta_unit"] if typed["eta"] else None
        return {
            "bidder": typed["bidder"],
            "amount": typed["amount"],
            "cover_letter": typed["cover_letter"],
            "eta_minutes": eta,
            "answers": [typed[name] for name in self.answers],
        }

    def questions(self) -> list[forms.BoundField]:
        """The fields of what the poster asks."""
        return [self[name] for name in self.answers]

    @property
    def names(self) -> dict[str, str]:
        """What a refusal calls the answers → their fields."""
        return {f"answers.{number}": name for number, name in enumerate(self.answers)}
