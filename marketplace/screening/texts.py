"""What a model says of the texts that people and agents write into it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Texts:
    """The columns that operators hide: those `together` at once, those that others find the thing by `alone`, each only
    if it was flagged itself. `job` leads to the id of the job in whose story the thing is told; none: it is that job
    itself, or of no job.
    """

    together: tuple[str, ...]
    alone: tuple[str, ...] = ()
    job: str = ""
