"""How charts were last looked at, kept by metric in a small file of the user's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from workbench.paths import state_folder
from workbench.runs.files import read_json, replace_file
from workbench.runs.report import strict_json
from workbench.views.plots.view import ChartStyle

_MOST = 500  # metrics


def file() -> Path:
    """Where it is kept; it need not exist."""
    return state_folder() / "charts.json"


def load() -> dict[str, ChartStyle]:
    """The style of each metric that has one of its own."""
    return {metric: ChartStyle.of(value) for metric, value in read_json(file()).items()}


def save(styles: Mapping[str, ChartStyle]) -> None:
    """Keep the newest styles.

    Raises:
        WorkbenchError: the file cannot be written.
    """
    own = {metric: asdict(style) for metric, style in styles.items() if style != ChartStyle()}
    file().parent.mkdir(parents=True, exist_ok=True)
    replace_file(file(), strict_json(dict([*own.items()][-_MOST:]), indent=1).encode(), durable=False)
