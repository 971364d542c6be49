"""Which is better, by how much, and whether chance would do as much: one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.comparison.seeds import Spread, overlap
from workbench.units import compact, metric


@dataclass(frozen=True)
class Contender:
    """One line of a comparison, as far as the verdict asks.

    Attributes:
        best: its best values of the metric that decides, over its seeds.
        test: what the best weights came to on the test split.
        is_measured: whether it has the metric; without a best value it says not which way is better, as an imported table need not.
    """

    label: str
    count: int
    best: Spread | None
    test: Spread | None = None
    is_live: bool = False
    is_baseline: bool = False
    is_measured: bool = False

    @property
    def name(self) -> str:
        return self.label if self.count == 1 else f"{self.label} ({self.count} seeds)"


@dataclass(frozen=True)
class Verdict:
    """The sentence and what it says, for scripts.

    Attributes:
        delta: by how much the better is better, never negative; None where nothing can be ranked.
        overlap: whether the seeds of the first two overlap; None where each has one.
    """

    sentence: str
    better: str | None = None
    other: str | None = None
    metric: str = ""
    delta: float | None = None
    overlap: bool | None = None


def judge(contenders: Sequence[Contender], key: str, *, goal: str, unit: str, same_task: bool) -> Verdict:
    """Rank by the mean of the best values."""
    if not same_task:
        return Verdict("No ranking: the runs learn different tasks.", metric=key)
    ranked = [one for one in contenders if one.best is not None]
    if not key or goal not in ("min", "max"):
        return Verdict("No ranking: the runs have no metric with a goal in common.")
    if len(contenders) == 1:
        return Verdict(_alone(contenders[0], key, unit), metric=key)
    undecided = [one.label for one in contenders if one.best is None and one.is_measured]
    if len(ranked) < 2 and undecided:
        return Verdict(f"No ranking: {undecided[0]} has no goal for {_words(key)} (`import --goal {key}={goal}` gives one).", metric=key)
    if len(ranked) < 2:
        return Verdict(f"No ranking yet: {_words(key)} was measured in fewer than two of them.", metric=key)
    ranked.sort(key=lambda one: one.best.mean if one.best else 0.0, reverse=goal == "max")
    first, second = ranked[:2]
    assert first.best is not None
    assert second.best is not None
    delta = abs(first.best.mean - second.best.mean)
    meets = overlap(first.best, second.best)
    if not delta:
        rank = "are equal" if len(contenders) == 2 else f"are best of {len(contenders)}, and equal"
        words = f"{first.name} and {second.name} {rank}: {_words(key)} {metric(first.best.mean, unit)}."
        return Verdict(words, None, None, key, 0.0, meets)
    rest = [_ahead(first, second, key, goal, unit, len(contenders)), _chance(first, second, meets), *_besides(ranked, key, unit)]
    return Verdict(" ".join(filter(None, rest)), first.label, second.label, key, delta, meets)


def difference(value: float, unit: str) -> str:
    """A delta with its sign: +0.4 points, -0.0312, 0."""
    shown = 100 * value if unit == "%" else value
    text = compact(float(f"{shown:.3g}"))
    return f"{'+' if value > 0 else ''}{text}{' points' if unit == '%' else ''}"


def pm(spread: Spread, unit: str) -> str:
    """`98.7 % ± 0.1` over several runs, the value alone of one."""
    if spread.std is None:
        return metric(spread.mean, unit)
    std = 100 * spread.std if unit == "%" else spread.std
    return f"{metric(spread.mean, unit)} ± {compact(float(f'{std:.2g}'))}"


def _words(key: str) -> str:
    return key.replace("/", " ").replace("_", " ")


def _alone(one: Contender, key: str, unit: str) -> str:
    value = pm(one.best, unit) if one.best else "not measured yet"
    seeds = (
        f" over {one.count} seeds, from {metric(one.best.low, unit)} to {metric(one.best.high, unit)}" if one.best and one.count > 1 else ""
    )
    return f"{one.label}: {_words(key)} {value}{seeds}."


def _ahead(first: Contender, second: Contender, key: str, goal: str, unit: str, count: int) -> str:
    assert first.best is not None
    assert second.best is not None
    by = difference(abs(first.best.mean - second.best.mean), unit).lstrip("+")
    way = "higher" if goal == "max" else "lower"
    so_far = " so far" if first.is_live or second.is_live else ""
    rank = f"is better than {second.name}" if count == 2 else f"is best of {count}, before {second.name}"
    return f"{first.name} {rank}{so_far}: {_words(key)} {pm(first.best, unit)} against {pm(second.best, unit)}, {by} {way}."


def _chance(first: Contender, second: Contender, meets: bool | None) -> str:
    if meets is None:
        return "One seed each: chance may do as much."
    if first.count > 1 and second.count > 1:
        return "Their seeds overlap: chance may do as much." if meets else "Their seeds do not overlap."
    several, one = (first, second) if first.count > 1 else (second, first)
    return f"The one seed of {one.label} lies {'inside' if meets else 'outside'} of the range of {several.label}."


def _besides(ranked: Sequence[Contender], key: str, unit: str) -> list[str]:
    """How far the best is from the baseline where that is another one, and what the test split says of the first two."""
    first, second = ranked[:2]
    said = []
    baseline = next((one for one in ranked if one.is_baseline), None)
    if baseline not in (None, first, second) and first.best and baseline and baseline.best:
        by = difference(abs(first.best.mean - baseline.best.mean), unit).lstrip("+")
        said.append(f"The baseline {baseline.name} has {pm(baseline.best, unit)}, {by} away.")
    if first.test and second.test:
        said.append(f"On the test split: {pm(first.test, unit)} against {pm(second.test, unit)}.")
    return said
