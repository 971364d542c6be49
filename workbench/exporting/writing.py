"""Writing what leaves: a file whole or not at all, so that a full disk does not leave half a table."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from workbench.errors import WorkbenchError


def write_whole(path: Path, pieces: Iterable[str]) -> None:
    """Write text.

    Raises:
        WorkbenchError: the file cannot be written; nothing is left of it.
    """
    with replacing(path) as partial, open(partial, "w", encoding="utf-8") as file:
        file.writelines(pieces)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Where to write a file that takes its place when it is whole.

    Raises:
        WorkbenchError: it cannot be written; nothing is left of it.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise WorkbenchError(f"cannot write {path}: {error.strerror or error}", "give another file with -o") from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
