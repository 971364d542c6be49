"""Which charts a run has whose metrics no recipe declared: one for each quantity, with all of its splits and layers.

Only the layout follows from how a key is spelt. Whether less or more of it is better does not: who records a run says so.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from typing import get_args

from workbench.events.types import MetricsDeclared
from workbench.recipe import Goal

SPLITS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing", "eval", "evaluation", "dev"})
MOST_KEYS = 300  # of a run, so that their declaration is a line that readers take
LONGEST_KEY = 100
_MOST_LETTERS = 7_000  # of all keys, each of which is said four times where it has a chart of its own
_FIRST_SHOWN = 4
_MOST_LINES = 8  # that a chart can tell apart; more layers are a strip
_LOSS = re.compile(r"\bloss\b", re.IGNORECASE)
_PER_LAYER = re.compile(r"(^|_)(grad|gradient|weight|update|activation|param|parameter|layer)s?(_|$)", re.IGNORECASE)


def declare(keys: Iterable[str], goals: Mapping[str, Goal], *, at: float | None = None) -> MetricsDeclared:
    """The declaration of foreign metrics; the first of `goals` is the objective. Losses are shown first, then what has a goal."""
    keys = sorted(dict.fromkeys([*keys, *goals]), key=lambda key: (_LOSS.search(chart_of(key)) is None, key not in goals))
    of = chart_of if sum(map(len, keys)) <= _MOST_LETTERS else _quantity_of
    charts: dict[str, list[str]] = {}
    for key in keys:
        charts.setdefault(of(key), []).append(key)
    return MetricsDeclared(
        at=time.time() if at is None else at,
        objective=next(iter(goals), ""),
        metrics={key: {"goal": goals.get(key, "none"), "unit": "", "chart": of(key), "help": ""} for key in keys},
        charts={
            name: {"title": name.replace("_", " "), "log": False, "kind": "strip" if len(lines) > _MOST_LINES else "line"}
            for name, lines in charts.items()
        },
        slots=tuple(charts)[:_FIRST_SHOWN],
    )


def goals_of(given: object) -> tuple[dict[str, Goal], list[str]]:
    """The goals that a script gave, and what is wrong with the others, in words."""
    if not isinstance(given, Mapping):
        return {}, [f"goals is `{given!r:.40}`, expected a mapping such as {{'validation/accuracy': 'max'}}"]
    known: dict[str, Goal] = {str(key): goal for key, goal in given.items() if isinstance(goal, str) and goal in get_args(Goal)}  # type: ignore[misc]
    return known, [
        f"the goal of {key} is `{goal!s:.40}`, expected {', '.join(get_args(Goal))}" for key, goal in given.items() if str(key) not in known
    ]


def chart_of(key: str) -> str:
    """`loss` for `train/loss`, `loss/val`, `val_loss` and `loss`; `tokens/sec` for itself; `grad_norm` for `train/grad_norm/conv1`.

    What is said to be of gradients, weights and their like has its layers in one chart, everything else a chart of its own.
    """
    words = _words(key)
    return words[0] if _PER_LAYER.search(words[0]) else "/".join(words)


def _quantity_of(key: str) -> str:
    """The chart of a key among so many that a chart each would be more than a line of the log can say."""
    return _words(key)[0]


def _words(key: str) -> list[str]:
    """What a key is made of, without its split."""
    words = [word for word in key.split("/") if word and word.lower() not in SPLITS]
    if not words:
        return [key]
    split, _, rest = words[0].partition("_")
    return [rest if rest and split.lower() in SPLITS else words[0], *words[1:]]
