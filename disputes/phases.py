"""The way of a dispute as one table: from it come the guards, `availableActions`, the diagram in docs/disputes.md and
the PostgreSQL trigger that refuses any other move."""

from dataclasses import dataclass
from enum import Enum

from django.db import models


class Phase(models.TextChoices):
    NEGOTIATION = "NEGOTIATION", "Negotiation"
    MEDIATION = "MEDIATION", "Mediation"
    ARBITRATION = "ARBITRATION", "Arbitration"
    CLOSED = "CLOSED", "Closed"


class Role(Enum):
    """Part that someone plays in a dispute; `disputes.rules` says who plays it."""

    PARTY = "the poster or the worker"
    OPENER = "the side that opened it"
    ANSWERER = "the other side"
    MEDIATOR = "the mediator or an operator, who is no party"
    ARBITER = "an operator who is no party or, in arbitration, the mediator"
    OPERATOR = "an operator who is no party"


@dataclass(frozen=True)
class Verb:
    """Something that may be done in these phases, by whom, and what then happens."""

    name: str
    phases: tuple[Phase, ...]
    who: Role
    then: str = ""
    ends: bool = False


OPEN_PHASES = (Phase.NEGOTIATION, Phase.MEDIATION, Phase.ARBITRATION)
MEDIATED_PHASES = (Phase.MEDIATION, Phase.ARBITRATION)
# Where it goes on to, asked for by a party or when the phase has lasted as long as the Terms say.
NEXT_PHASE = {Phase.NEGOTIATION: Phase.MEDIATION, Phase.MEDIATION: Phase.ARBITRATION}

VERBS = {
    verb.name: verb
    for verb in [
        Verb("respond", OPEN_PHASES, Role.ANSWERER, "once; the opener is told"),
        Verb("offer", OPEN_PHASES, Role.PARTY, "replaces what the same side offered before"),
        Verb("propose", MEDIATED_PHASES, Role.MEDIATOR, "both sides have to accept it"),
        Verb("accept", OPEN_PHASES, Role.PARTY, "once both have agreed the money is divided at once", ends=True),
        Verb("decline", OPEN_PHASES, Role.PARTY),
        Verb("add-evidence", OPEN_PHASES, Role.PARTY, "kept as it is, with its hash"),
        Verb("ask", MEDIATED_PHASES, Role.MEDIATOR, "one side or both are asked for more"),
        Verb("extend", OPEN_PHASES, Role.MEDIATOR, "once: the phase lasts as long again"),
        Verb("escalate", tuple(NEXT_PHASE), Role.PARTY, "on to the next phase; the clock does it too"),
        Verb("assign-mediator", MEDIATED_PHASES, Role.OPERATOR, "instead of the one who was assigned"),
        Verb("close", OPEN_PHASES, Role.OPENER, "the job goes back to where it was", ends=True),
        Verb("resolve", OPEN_PHASES, Role.ARBITER, "divides the money by a ruling", ends=True),
    ]
}

# (from, to) pairs that PostgreSQL lets a dispute's phase make.
PHASE_MOVES = [
    *((source.value, target.value) for source, target in NEXT_PHASE.items()),
    *((source.value, Phase.CLOSED.value) for source in OPEN_PHASES),
]


def drawn() -> str:
    """The diagram and the table of docs/disputes.md."""
    ends = ", ".join(verb.name for verb in VERBS.values() if verb.ends)
    moves = [
        "[*] --> NEGOTIATION: open",
        *(f"{source.value} --> {target.value}: escalate, time" for source, target in NEXT_PHASE.items()),
        *(f"{source.value} --> CLOSED: {ends}" for source in OPEN_PHASES),
        "CLOSED --> [*]",
    ]
    rows = [f"| {verb.name} | {', '.join(verb.phases)} | {verb.who.value} | {verb.then} |" for verb in VERBS.values()]
    return "\n".join(
        [
            *("```mermaid", "stateDiagram-v2", *(f"    {move}" for move in moves), "```", ""),
            *("| verb | in | who | then |", "|---|---|---|---|", *rows, ""),
        ]
    )
