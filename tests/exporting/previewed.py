"""A finished run with a preview of each kind, for what takes runs elsewhere."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from tests.builders import START, build_run, finished_run
from workbench.events.types import PreviewSaved
from workbench.runs.folder import RunFolder
from workbench.runs.report import strict_json

PREVIEWS: dict[str, dict[str, Any]] = {
    "worst": {"kind": "images", "captions": ["a", "<b>"], "shape": [2, 3, 4], "pixels": base64.b64encode(bytes(range(24))).decode()},
    "confusion": {"kind": "matrix", "rows": ["cat", "dog"], "columns": ["cat", "dog"], "matrix": [[3, 1], [None, 4]]},
    "weights": {"kind": "matrix", "rows": ["conv1", "dense"], "columns": ["0", "<1e-8", "1e-8"], "matrix": [[10, 20, 70], [0, 50, 50]]},
    "reach": {"kind": "lines", "columns": ["1", "2", "3"], "lines": [["gradient", [1.0, 0.1, 0.01]]], "log": True},
    "sample": {"kind": "text", "text": "import <script>alert(1)</script>"},
}


def previewed_run(root: Path, **about: Any) -> RunFolder:
    """The run `cnn-1`."""
    events = finished_run(400)
    shown = [
        PreviewSaved(at=START + 40, step=300, name=name, title=f"the {name}", kind=body["kind"], file=f"{name}.json")
        for name, body in PREVIEWS.items()
    ]
    folder = build_run(root, [*events[:-1], *shown, events[-1]], **about)
    for name, body in PREVIEWS.items():
        (folder.samples / f"{name}.json").write_text(strict_json({**body, "title": name, "step": 300}))
    return folder
