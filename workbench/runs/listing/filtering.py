"""The words that narrow down a list of runs: `recipe:cnn lr>=1e-3 state:running,paused note:"two words" age<2d text`."""

from __future__ import annotations

import math
import operator
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, get_args

from workbench.errors import WorkbenchError, unknown
from workbench.runs.reading.feed import Feed
from workbench.runs.status import StateName

FIELDS = ("state", "recipe", "preset", "dataset", "sweep", "tag", "name", "note", "id")
STATES: tuple[str, ...] = get_args(StateName)
NUMBERS = ("step", "seconds", "age", "parameters", "best")
_WHOLE = ("state", "recipe", "preset", "dataset", "sweep", "tag")  # must be the word; of the others it is a part
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
    ":": operator.eq,
}
_COMPARED = re.compile(r"([A-Za-z_][\w/]*)(>=|<=|!=|=|>|<)(.*)")
_TOKEN = re.compile(r'(?:"[^"]*"?|\S)+')  # blanks between quotation marks are part of a word
_TIMES = {"age", "seconds"}  # numbers that may have a unit
_SECONDS = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_TIME = re.compile(r"([0-9.]+)(s|min|m|h|d|w)")
_NEWS_SECONDS = 60.0  # exactness of the age: a run that trains would be another at every look
_WORDS = {"yes": True, "no": False, "true": True, "false": False, "off": None, "none": None, "auto": None}


@dataclass(frozen=True)
class Facts:
    """What a filter may ask of a run: texts by field, numbers and settings by name."""

    texts: Mapping[str, Sequence[str]]
    values: Mapping[str, Any] = field(default_factory=dict)


_NEWS = "news at"  # no setting is called so: names have no blanks
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
            "note": [feed.labels.note],
            "id": [feed.folder.id],
        },
        values={
            **{key: summary.last for key, summary in state.summaries.items()},
            **settings,
            "step": state.step,
            "seconds": state.clock.read(state.step_at),
            "parameters": state.parameters,
            _NEWS: (state.news_at or record.created_at) // _NEWS_SECONDS * _NEWS_SECONDS,
            "best": best,
            "goal": goal,
        },
    )


def parse(words: str, among: Iterable[Facts] = ()) -> Callable[[Facts], bool]:
    """A test that holds for runs to which every word applies.

    Args:
        among: the runs that there are; with them, a setting or metric that none of them has is a mistake.

    Raises:
        WorkbenchError: a field, state or setting that there is not, or a word without a value.
    """
    names = frozenset(name for known in among for name in known.values)
    tests = [_test(word, names) for word in _TOKEN.findall(words)]
    return lambda known: all(test(known) for test in tests)


def _test(word: str, names: Set[str]) -> Test:
    if word.startswith('"'):
        return _anywhere(_bare(word))
    if compared := _COMPARED.fullmatch(word):
        name, sign, text = compared.groups()
        return _comparison(name, sign, text, names)
    name, colon, value = word.partition(":")
    if not colon:
        return _anywhere(_bare(word))
    if name not in FIELDS:
        return _comparison(name, ":", value, names)
    wanted = [each for each in _bare(value).lower().split(",") if each]
    if not wanted:
        raise WorkbenchError(f"the filter `{word}` has no value", f"for example {name}:{'running' if name == 'state' else 'cnn'}")
    for each in wanted if name == "state" else ():
        if each not in STATES:
            raise unknown("state", each, STATES)
    if name in _WHOLE:
        return lambda known: any(text.lower() in wanted for text in known.texts[name])
    return lambda known: any(each in text.lower() for text in known.texts.get(name, ()) for each in wanted)


def _anywhere(word: str) -> Test:
    return lambda known: any(word.lower() in text.lower() for texts in known.texts.values() for text in texts)


def _bare(text: str) -> str:
    return text.replace('"', "")


def _comparison(name: str, sign: str, text: str, names: Set[str]) -> Test:
    """`lr>=1e-3`, `lr:0.1`; a run that does not have the setting or metric never fits, not even `!=`."""
    text, shown = _bare(text), f"{name}{sign}{text}"
    if (names or sign == ":") and name not in names and name not in NUMBERS:
        known = sorted({*names, *FIELDS, *NUMBERS} - {_NEWS})
        raise unknown("filter", name, known, hint="a filter is a word, FIELD:WORD, or SETTING>=NUMBER")
    if not text:
        raise WorkbenchError(f"the filter `{shown}` has no value", f"for example {name}{sign}{'2d' if name in _TIMES else '0.001'}")
    compare, wanted = _COMPARISONS[sign], _value(text)
    if name in _TIMES and (time_of := _TIME.fullmatch(text)):
        wanted = float(time_of[1]) * _SECONDS[time_of[2]]
    if sign not in ("=", "!=", ":") and not isinstance(wanted, float):
        raise WorkbenchError(f"`{text}` in the filter `{shown}` is no number", f"for example {name}{sign}0.001")

    def test(known: Facts) -> bool:
        if name == "age":
            value: Any = time.time() - known.values[_NEWS] if known.values.get(_NEWS) else None
        elif name in known.values:
            value = known.values[name]
        else:
            return False
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
