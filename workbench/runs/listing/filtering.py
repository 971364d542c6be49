"""The words that narrow down a list of runs: `recipe:cnn lr>=1e-3 state:running tag:night best>0.98 text`."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import WorkbenchError, unknown
from workbench.runs.reading.feed import Feed

FIELDS = ("state", "recipe", "preset", "dataset", "sweep", "tag", "name", "id")
NUMBERS = ("step", "seconds", "parameters", "best")
_WHOLE = ("state", "recipe", "preset", "dataset", "sweep", "tag")  # must be the word; of the others it is a part
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_COMPARED = re.compile(r"([A-Za-z_][\w/]*)(>=|<=|!=|=|>|<)(.*)")
_WORDS = {"yes": True, "no": False, "true": True, "false": False, "off": None, "none": None, "auto": None}


@dataclass(frozen=True)
class Facts:
    """What a filter may ask of a run: texts by field, numbers and settings by name."""

    texts: Mapping[str, Sequence[str]]
    values: Mapping[str, Any] = field(default_factory=dict)


Test = Callable[[Facts], bool]


def facts(feed: Feed) -> Facts:
    """What is known of a run, as filters ask for it; `best` is the objective's best value, other metrics go by their key."""
    state, record = feed.state, feed.record
    settings = {**record.settings, **state.amended, **state.settings_now}
    objective = state.summaries.get(state.objective)
    goal = state.declaration(state.objective).get("goal", "none")
    best = objective.best(goal)[0] if objective else None
    return Facts(
        texts={
            "state": [feed.status.state],
            "recipe": [record.recipe],
            "preset": [record.preset],
            "dataset": [str(state.data.get("name") or settings.get("dataset") or "")],
            "sweep": [record.sweep],
            "tag": list(feed.labels.tags),
            "name": [feed.labels.name],
            "id": [feed.folder.id],
        },
        values={
            **{key: summary.last for key, summary in state.summaries.items()},
            **settings,
            "step": state.step,
            "seconds": state.clock.read(state.step_at),
            "parameters": state.parameters,
            "best": best,
            "goal": goal,
        },
    )


def parse(words: str) -> Callable[[Facts], bool]:
    """A test that holds for runs to which every word applies.

    Raises:
        WorkbenchError: a field that there is not, or one without a value.
    """
    tests = [_test(word) for word in words.split()]
    return lambda known: all(test(known) for test in tests)


def _test(word: str) -> Test:
    if compared := _COMPARED.fullmatch(word):
        return _comparison(*compared.groups())
    name, colon, value = word.partition(":")
    if not colon:
        return lambda known: any(word.lower() in text.lower() for texts in known.texts.values() for text in texts)
    if name not in FIELDS:
        raise unknown("filter", name, FIELDS, hint="a filter is a word, FIELD:WORD, or SETTING>=NUMBER")
    if not value:
        raise WorkbenchError(f"the filter `{word}` has no value", f"for example {name}:{'running' if name == 'state' else 'cnn'}")
    wanted = value.lower()
    if name in _WHOLE:
        return lambda known: any(text.lower() == wanted for text in known.texts[name])
    return lambda known: any(wanted in text.lower() for text in known.texts[name])


def _comparison(name: str, sign: str, text: str) -> Test:
    """`lr>=1e-3`; a run that does not have the setting or metric never fits, not even `!=`."""
    if not text:
        raise WorkbenchError(f"the filter `{name}{sign}` has no value", f"for example {name}{sign}0.001")
    compare, wanted = _COMPARISONS[sign], _value(text)
    ordered = sign not in ("=", "!=")
    if ordered and not isinstance(wanted, float):
        raise WorkbenchError(f"`{text}` in the filter `{name}{sign}{text}` is no number", f"for example {name}{sign}0.001")

    def test(known: Facts) -> bool:
        if name not in known.values:
            return False
        value = known.values[name]
        if isinstance(wanted, float):
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)
            return compare(float(value), wanted) if is_number else sign == "!="
        return compare(str(value).lower() if isinstance(value, str) else value, wanted)

    return test


def _value(text: str) -> float | bool | str | None:
    try:
        return float(text)
    except ValueError:
        return _WORDS[text.lower()] if text.lower() in _WORDS else text.lower()
