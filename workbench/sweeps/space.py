"""What is typed of a sweep, as values: `lr=1e-3,3e-3`, `lr=log:1e-4..1e-1`, `batch_size=16..64`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from workbench.errors import WorkbenchError
from workbench.schema import Setting, Value

_RANGE = ".."
_LOG = "log:"


class Space(BaseModel):
    """Where a search looks for one setting: among choices, or between two numbers."""

    model_config = ConfigDict(frozen=True)

    choices: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False


def parse_space(setting: Setting, text: str) -> Space:
    """Choices, or a range that a search may look through.

    Raises:
        WorkbenchError: a value that the setting cannot have, or a range that makes no sense.
    """
    is_log, body = text.startswith(_LOG), text.removeprefix(_LOG)
    if _RANGE not in body:
        if is_log:
            raise _refused(setting, text, "a logarithmic range has two ends")
        return Space(choices=parse_values(setting, text))
    if setting.kind not in ("number", "whole"):
        raise _refused(setting, text, f"`{setting.name}` is no number")
    ends = [setting.parse(end) for end in body.split(_RANGE, 1)]
    if not all(isinstance(end, (int, float)) for end in ends):
        raise _refused(setting, text, "its ends are numbers")
    low, high = (float(end) for end in ends if end is not None)
    if low >= high or (is_log and low <= 0):
        raise _refused(setting, text, "the first end is above 0 and below the second" if is_log else "the first end is below the second")
    return Space(low=low, high=high, log=is_log, whole=setting.kind == "whole")


def parse_values(setting: Setting, text: str) -> tuple[Value, ...]:
    """The values between commas, each once.

    Raises:
        WorkbenchError: a value that the setting cannot have, or a range, which a grid cannot walk through.
    """
    if _RANGE in text and setting.kind in ("number", "whole"):
        raise WorkbenchError(
            f"`{setting.name}={text}` is a range, which only a search looks through",
            f"add --trials 20, or name the values: {setting.name}=1e-3,1e-2",
        )
    return tuple(dict.fromkeys(setting.parse(part) for part in text.split(",")))


def _refused(setting: Setting, text: str, why: str) -> WorkbenchError:
    return WorkbenchError(
        f"`{setting.name}={text}` is no range: {why}", f"for example {setting.name}=log:1e-4..1e-1 or {setting.name}=16..64"
    )
