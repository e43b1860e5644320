"""Interleaved rounds, ratios within a round, and tables."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Figures = Mapping[str, float]
Variants = Mapping[str, Callable[[], Figures]]


class Rounds:
    """What each variant gave in each round. All of them run once a round, each time in another order.

    The machine's other work comes and goes; two figures of one round were measured under about the same.
    """

    def __init__(self, title: str, variants: Variants, rounds: int) -> None:
        self.figures: dict[str, list[Figures]] = {name: [] for name in variants}
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=rounds * len(variants))
            for number in range(rounds):
                for name in rotated(list(variants), number):
                    bar.update(task, description=f"{title}: {name}")
                    self.figures[name].append(variants[name]())
                    bar.advance(task)

    def of(self, name: str, figure: str) -> list[float]:
        return [found[figure] for found in self.figures[name]]

    def median(self, name: str, figure: str) -> float:
        return median(self.of(name, figure))

    def ratio(self, name: str, base: str, figure: str) -> str:
        """The median and the range of the ratios within each round."""
        return ratio(self.of(name, figure), self.of(base, figure))

    def within(self, name: str, figure: str, base: str) -> str:
        """The same, of two figures of one variant."""
        return ratio(self.of(name, figure), self.of(name, base))


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """The median and the range of the ratios of each two."""
    ratios = sorted(one / other for one, other in zip(ours, theirs, strict=True) if other)
    if not ratios:
        return "–"
    span = f" ({significant(ratios[0])}–{significant(ratios[-1])})" if len(ratios) > 1 else ""
    return f"**{significant(median(ratios))}**{span}"


def rotated(names: Sequence[str], by: int) -> list[str]:
    start = by % len(names)
    return [*names[start:], *names[:start]]


def significant(number: float) -> str:
    """Two or three digits that mean something, without an exponent."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}" if number >= 1 else f"{number:.2g}"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
