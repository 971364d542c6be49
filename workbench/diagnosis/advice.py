"""What to try, with its values: a change of settings in words, and the command that makes it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from workbench.diagnosis.finding import Case
from workbench.runs.folder import Value
from workbench.units import compact

OR = "; or "  # between two things to try
LIVE = frozenset({"lr", "weight_decay", "clip_norm", "dropout"})  # what `workbench set` changes while a run trains


def change(case: Case, **values: Value) -> str:
    """`lower lr from 0.3 to 0.03: workbench set cnn-3 lr=0.03`.

    A run that ended, or a setting that cannot change while it trains, takes a new run with the settings of this one. Settings that
    the run does not have, or that have that value already, are left out; empty where none is left.
    """
    wanted = {name: value for name, value in values.items() if name in case.settings and case.settings[name] != value}
    words = " and ".join(_words(name, case.settings[name], value) for name, value in wanted.items())
    command = _command(case, wanted) if wanted else ""
    return f"{words}: {command}" if command else words


def slower(case: Case, **also: Value) -> str:
    """A tenth of the learning rate, and what else goes with it."""
    rate = case.value("lr")
    return change(case, lr=tidy(rate / 10), **also) if rate else "lower the learning rate to a tenth"


def earlier(case: Case, before: int, **values: Value) -> str:
    """`go on from step 80, when all was well: workbench fork cnn-3 --step 80 --lr 0.03`; empty without a checkpoint from before a step."""
    kept = [step for name in case.state.settings_at_checkpoint if (step := int(name.partition("-")[0])) <= before]
    if not kept or not case.recipe or not values:
        return ""
    flags = " ".join(_flag(name, value) for name, value in values.items())
    return f"go on from step {max(kept):,}, when all was well: workbench fork {case.run} --step {max(kept)} {flags}"


def faster(case: Case) -> str:
    """Ten times the learning rate, which is at most 1."""
    rate = case.value("lr")
    return change(case, lr=min(1.0, tidy(rate * 10))) if rate else "raise the learning rate to ten times what it is"


def any_of(*ways: str) -> str:
    """The ways that there are, best first."""
    return OR.join(filter(None, ways))


def tidy(number: float) -> float:
    return float(f"{number:.2g}")


def _words(name: str, old: Value, new: Value) -> str:
    if isinstance(new, bool):
        return f"turn {name} {'on' if new else 'off'}"
    if old is None:
        return f"set {name}, which is off, to {_text(new)}"
    if _is_number(old) and _is_number(new) and name != "seed":
        return f"{'lower' if new < old else 'raise'} {name} from {_text(old)} to {_text(new)}"  # type: ignore[operator]
    return f"change {name} from {_text(old)} to {_text(new)}"


def _command(case: Case, values: Mapping[str, Value]) -> str:
    if not case.recipe:  # a script trains it, or another program did
        return ""
    if case.is_live and LIVE.issuperset(values):
        return f"workbench set {case.run} " + " ".join(f"{name}={_text(value)}" for name, value in values.items())
    return f"workbench train {shlex.quote(case.recipe)} --from {case.run} " + " ".join(_flag(name, value) for name, value in values.items())


def _flag(name: str, value: Value) -> str:
    spelled = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{spelled}" if value else f"--no-{spelled}"
    return f"--{spelled} {_text(value)}"


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _text(value: Value) -> str:
    if isinstance(value, float):
        return compact(value) if abs(value) < 1000 else f"{value:.6g}"
    return str(value)
