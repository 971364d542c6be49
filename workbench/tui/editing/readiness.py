"""Whether a form can start a run: what its data set and its device still want."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench import units
from workbench.data.catalogue import CATALOGUE, ImageInfo, offer
from workbench.schema import Value
from workbench.tui.editing.form import Form

_ASKED = ("dataset", "path", "download")  # settings that the data depend on
_FLAG = re.compile(r"--(?:no-)?([a-z][a-z0-9-]*)")


@dataclass(frozen=True)
class Lack:
    """Something without which no run can start.

    Attributes:
        setting: where it can be mended.
        words: what is wrong.
        offer: what fetching the data comes to, where they can be fetched.
        size: of what would be fetched.
    """

    setting: str
    words: str
    offer: str = ""
    size: str = ""


def asked(form: Form) -> tuple[Value, ...]:
    """What `lack_of_data` depends on."""
    return tuple(form.values.get(name) for name in _ASKED)


def lack_of_data(values: Mapping[str, Value], folder: Path) -> Lack | None:
    """What keeps a run from its data; looks at the disk.

    Args:
        folder: of downloaded data.
    """
    info = CATALOGUE.get(str(values.get("dataset")))
    if info is None:
        return None
    path = str(values.get("path") or "")
    if info.is_own and not path:
        return Lack("path", f"{info.name} wants the path of your own data")
    if info.is_own and not Path(path).expanduser().exists():
        return Lack("path", f"there is nothing at {path}")
    if isinstance(info, ImageInfo) and not values.get("download") and not info.is_in(folder):
        return Lack("dataset", f"{info.name} is not here", offer(info, folder), units.size(info.size_bytes or 0))
    return None


def lack_of_device(name: Value, available: Sequence[str]) -> Lack | None:
    """Whether a device is none of those that the helper found; nothing as long as it has found none."""
    if not available or name == "auto" or name in available:
        return None
    if name == "cuda" and any(one.startswith("cuda") for one in available):
        return None
    return Lack("device", f"there is no device {name} here, but {', '.join(available)}")


def in_form_words(text: str) -> str:
    """Advice for the command line, in terms of the form: `--dataset digits` is the field `dataset digits`."""
    return _FLAG.sub(lambda flag: flag[1].replace("-", "_"), text)
