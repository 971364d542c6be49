"""Writing what leaves: a file whole or not at all, so that a full disk does not leave half a table."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
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


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        WorkbenchError: it cannot be written; nothing is left of it.
    """
    with replacing(path) as partial:
        partial.write_bytes(data)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Where to write a file that takes its place when it is whole. Others may read it as far as the umask lets them.

    Raises:
        WorkbenchError: it cannot be written; nothing is left of it.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(partial, "wb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        yield partial
        partial.chmod(mode)  # some libraries make a file of their own, which only its owner may read
        os.replace(partial, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def cannot_write(path: Path, error: OSError) -> WorkbenchError:
    """Why a file or a folder cannot be written, and what to do about it."""
    hint = "give another place with -o"
    if error.errno == errno.ENOSPC:
        hint = "free some space, or give another place with -o"
    elif error.errno == errno.ENOENT:
        hint = f"there is no folder {path.parent}; make it, or give another place with -o"
    return WorkbenchError(f"cannot write {path}: {error.strerror or error}", hint)


def place(given: str, name: str, *, force: bool) -> Path:
    """Where `-o` says: the file, or below the name in a folder that is there, or that ends with a slash.

    Raises:
        WorkbenchError: something is there already, and `force` does not let it go.
    """
    path = Path(given).expanduser()
    if path.is_dir() or given.endswith(os.sep):
        with contextlib.suppress(OSError):  # what hinders it hinders the writing, too, which tells
            path.mkdir(parents=True, exist_ok=True)
        path = path / name
    if path.exists() and not force and not (path.is_dir() and not any(path.iterdir())):
        raise WorkbenchError(f"{path} is there already", "give another place with -o, or --force to replace it")
    return path
