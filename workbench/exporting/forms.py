"""In which forms a run can leave, and what each needs."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.runs.folder import RunFolder

EXTRA = "training-workbench[export]"


@dataclass(frozen=True)
class Form:
    """One form of a run.

    Attributes:
        help: what it is, in a few words.
        module: what writes it, in this room.
        needs: packages of the extra `export`.
        prints: whether it is text that may be printed; the others want a file.
        torch: whether the helper process has to write it.
        folder: whether it is a folder rather than a file.
    """

    help: str
    module: str
    needs: tuple[str, ...] = ()
    prints: bool = False
    torch: bool = False
    folder: bool = False


FORMS = {
    "csv": Form("one row a step, every logged number", "table", prints=True),
    "json": Form("every event", "table", prints=True),
    "html": Form("a report in one file: charts, settings, previews, diagnosis", "html"),
    "tensorboard": Form("event files in a folder: scalars, images, texts, settings", "tensorboard", ("tensorboard",), folder=True),
    "onnx": Form("the best model, checked in onnxruntime", "model.onnx", ("onnx", "onnxruntime"), torch=True),
    "safetensors": Form("the best weights and what they are", "model.safetensors", ("safetensors",), torch=True),
}


def text(form: str, folder: RunFolder) -> Iterator[str]:
    """The pieces of a form that can be printed."""
    from workbench.exporting import table

    return table.as_csv(folder) if form == "csv" else table.as_json(folder)


def write(form: str, folder: RunFolder, target: Path, **more: Any) -> dict[str, Any]:
    """Write a form that is no text to `target`, where nothing is yet or a file that may go; returns what to say of it.

    Raises:
        WorkbenchError: the run has nothing to leave in this form, or a package is missing.
    """
    require(form)
    module = importlib.import_module(f"workbench.exporting.{FORMS[form].module}")
    writer: Callable[..., dict[str, Any]] = module.write
    return writer(folder, target, **more)


def require(form: str) -> None:
    """See to it that what a form needs is installed.

    Raises:
        WorkbenchError: something is not; names the extra that brings it.
    """
    missing = [name for name in FORMS[form].needs if importlib.util.find_spec(name) is None]
    if missing:
        raise WorkbenchError(f"--to {form} needs {' and '.join(missing)}", f"install the extra: pip install '{EXTRA}'")
