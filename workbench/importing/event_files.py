"""TensorBoard's event files: scalars with their steps and wall times, and the settings that its hparams plugin keeps."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.errors import ExitCode, WorkbenchError
from workbench.importing.foreign import LARGEST_STEP, Foreign, Point
from workbench.recording.charting import SPLITS

_MARK = "tfevents"
_FRAME_BYTES = 16  # around each record: length, its checksum, the record's checksum
_MOMENT = re.compile(r"\d{9,}(\.\d+)?")  # seconds since 1970: what add_hparams calls its folder
_SETTINGS = "_hparams_/session_start_info"


def is_event_file(path: Path) -> bool:
    """Whether a file is called as event files are."""
    return _MARK in path.name and path.is_file()


def read(path: Path) -> list[Foreign]:
    """The runs in a folder or a file: each folder with event files is one, its files in the order in which they were begun.

    Folders that are called as splits are (`train`, `validation`) are one run together, their metrics named after them; those that
    `add_scalars` and `add_hparams` made are part of the run that they lie in.

    Raises:
        WorkbenchError: there is no event file, none of them can be read, or tensorboard is not installed.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise WorkbenchError("reading event files needs tensorboard", "install the extra: pip install 'training-workbench[export]'")
    folders: dict[Path, list[Path]] = {}
    for file in [path] if path.is_file() else sorted(path.rglob(f"*{_MARK}*")):
        if is_event_file(file):
            folders.setdefault(file.parent, []).append(file)
    if not folders:
        raise WorkbenchError(f"there is no event file in {path}", "their names have `tfevents` in them", code=ExitCode.NOT_FOUND)
    parts = {folder: _read(folder, files) for folder, files in folders.items()}
    runs: dict[Path, Foreign] = {}
    for folder, part in sorted(parts.items(), key=lambda each: len(each[0].parts)):
        home, rename = (folder, str) if folder == path or path.is_file() else _home(folder, parts)
        runs.setdefault(home, Foreign(home.resolve().name, str(home))).take(part, rename)
    found = [run for _, run in sorted(runs.items()) if run.series]
    if not found:
        why = "; ".join(note for run in runs.values() for note in run.notes)
        raise WorkbenchError(f"there is no scalar in {path}" + (f": {why}" if why else ""), "only scalars and settings are imported")
    return found


def _home(folder: Path, parts: Mapping[Path, Foreign]) -> tuple[Path, Callable[[str], str]]:
    """The folder of the run that an event file's folder is part of, and what its metrics are called there."""
    name, parent, part = folder.name, folder.parent, parts[folder]
    if name.lower() in SPLITS:
        return parent, lambda key: f"{name}/{key}"
    if parent not in parts:
        return folder, str
    tag = next(iter(part.series), "")
    made = f"{tag.replace('/', '_')}_"  # by add_scalars("loss", {"a": ...}): loss_a, with the one metric `loss`
    if len(part.series) == 1 and not part.settings and name.startswith(made):
        return parent, lambda key: f"{key}/{name.removeprefix(made)}"
    if _MOMENT.fullmatch(name) and part.settings:  # by add_hparams; several are runs of their own that share a writer
        several = sum(bool(_MOMENT.fullmatch(other.name)) and other.parent == parent for other in parts)
        return (parent, str) if several == 1 else (folder, str)
    return folder, str


def _read(folder: Path, files: Sequence[Path]) -> Foreign:
    run = Foreign(folder.name, str(folder))
    for file in files:
        _add(run, file)
    return run


def _add(run: Foreign, file: Path) -> None:
    """Add what one event file holds, up to where it is torn or damaged."""
    left_out: Counter[str] = Counter()
    position = 0
    size = file.stat().st_size
    for record in _records(file):
        position += len(record) + _FRAME_BYTES
        event = _event(record)
        if event is None:
            left_out["damaged records"] += 1
            continue
        run.ended_at = max(run.ended_at, event.wall_time)
        for value in event.summary.value:
            if value.tag == _SETTINGS:
                run.settings.update(_settings(value))
                continue
            number = _scalar(value)
            if number is None or not 0 <= event.step <= LARGEST_STEP:
                left_out["values that are no scalars"] += not value.tag.startswith("_hparams_")
            else:
                run.add(value.tag, Point(int(event.step), float(event.wall_time), number))
    if position < size:
        run.notes.append(f"{file.name}: the last {size - position:,} bytes, from byte {position:,} on, are torn or damaged")
    run.notes += [f"{file.name}: left out {count:,} {what}" for what, count in left_out.items() if count]


def _records(file: Path) -> Iterator[bytes]:
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader

    try:
        yield from RawEventFileLoader(str(file)).Load()
    except OSError as error:
        raise WorkbenchError(f"cannot read {file}: {error.strerror or error}", "", code=ExitCode.NOT_FOUND) from error


def _event(record: bytes) -> Any:
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event

    try:
        return Event.FromString(record)
    except DecodeError:
        return None


def _scalar(value: Any) -> float | None:
    """The number of a summary, in the form of either generation of TensorFlow; None for pictures, texts and the like."""
    kind = value.WhichOneof("value")
    if kind == "simple_value":
        return float(value.simple_value)
    plugin = value.metadata.plugin_data.plugin_name
    if kind != "tensor" or plugin not in ("", "scalars"):
        return None
    from tensorboard.util.tensor_util import make_ndarray

    try:
        array = make_ndarray(value.tensor)
        return float(array.reshape(())) if array.size == 1 and array.dtype.kind in "fiub" else None
    except (TypeError, ValueError):
        return None


def _settings(value: Any) -> dict[str, Any]:
    from tensorboard.plugins.hparams import metadata

    try:
        info = metadata.parse_session_start_info_plugin_data(value.metadata.plugin_data.content)
    except Exception:  # noqa: BLE001  the plugin's own error for a later version, or a message that is none
        return {}
    found = {}
    for name, given in info.hparams.items():
        kind = given.WhichOneof("kind")
        if kind in ("number_value", "string_value", "bool_value"):
            found[name] = getattr(given, kind)
    return found
