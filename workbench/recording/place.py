"""Where in somebody's own code an error arose."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

_STANDARD = os.path.dirname(os.__file__) + os.sep
_INSTALLED = frozenset({"site-packages", "dist-packages"})
_TYPED = ("<string>", "<stdin>", "<ipython")


def place_in_script(error: BaseException) -> str:
    """` (train.py, line 3)`: the last line that is no library's, for what a library was doing by then says little."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _is_library(frame.filename)]
    last = (own or list(frames))[-1:]
    return f" ({Path(last[0].filename).name}, line {last[0].lineno})" if last else ""


def _is_library(name: str) -> bool:
    """Whether a file is of Python or of an installed package; so is code that they made up, such as `<frozen runpy>`."""
    if name.startswith("<"):
        return not name.startswith(_TYPED)
    return name.startswith(_STANDARD) or not _INSTALLED.isdisjoint(Path(name).parts)
