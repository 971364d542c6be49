"""Text that attacks a terminal, in every place where a run can carry text; and what of it may never be printed."""

from __future__ import annotations

import base64
import json
import re
import time
import unicodedata
from pathlib import Path
from typing import Any

from tests.builders import START, append, build_run, ended, loop, started
from workbench.events.types import (
    DataLoaded,
    DeviceChosen,
    Evaluated,
    Metrics,
    MetricsDeclared,
    ModelBuilt,
    Noticed,
    PhaseChanged,
    PreviewSaved,
    SettingChanged,
)  # fmt: skip
from workbench.runs.folder import Labels, RunFolder

CORPUS = (
    "\x1b]52;c;ZXZpbA==\x07",  # writes the clipboard
    "\x1b]0;title\x1b\\",
    "\x1b[2J\x1b[1;1H\x1b[?1049l",  # clears the screen, leaves it
    "\x1b[38;5;199;4mcoloured",
    "\x1bP+q544e\x1b\\\x1b_apc\x1b\\\x1bc",  # device control, application command, reset
    "\x9b31m\x9d0;title\x9c\x90q\x85",  # the same in C1
    "\x00\x05\x07\x08\x0b\x0c\x0e\x0f\x7f\r\n\tnext",
    "a\u202eb\u2066c\u200fd\u061ce",  # reorders what stands beside it
    "\u200b\u2060\ufeff\u00ad\U000e0041\ufff9",
    "[bold red]markup[/] [@click=app.quit]click[/] $error {0} %s \\[",
    "e" + "\u0301" * 40 + "漢字 👩\u200d👩\u200d👧 \u0e33",
    "x" * 5000,
)  # fmt: skip
OF_TEXTUAL = re.compile(  # what the interface itself sends
    r"\x1b\[[\d;]*m|\x1b\[\d*;?\d*H|\x1b\[\d*[A-DKX]|\x1b\[2J|\x1b\[\?(?:1000|1003|1004|1006|1015|1016|1049|2004|2026|2048|25|7)[hl]"
    r"|\x1b\[\?\d+\$p|\x1b\[[<>]\d*u|\x1b\]22;[a-z-]*\x07"
)
COLOUR = re.compile(r"\x1b\[38;5;199;4m")  # one that nothing but the corpus has

EVIL = "EVIL"  # stands for the text
PREVIEWS: dict[str, dict[str, Any]] = {
    "text": {"text": EVIL * 3},
    "images": {"captions": [EVIL, "b"], "shape": [2, 2, 2], "pixels": base64.b64encode(bytes(range(0, 240, 30))).decode()},
    "matrix": {"rows": [EVIL, "b"], "columns": [EVIL, "b"], "matrix": [[1.0, 0.5], [0.5, 1.0]]},
    "lines": {"columns": [EVIL, "b"], "lines": [[EVIL, [1.0, 0.5]]]},
}


def foreign(text: str) -> set[str]:
    """Characters that a terminal would act on in what was printed; lines may end."""
    return {
        character
        for character in text
        if (unicodedata.category(character) in ("Cc", "Cs") and character not in "\r\n")
        or unicodedata.bidirectional(character) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        or character in "\u200b\u200e\u200f\u061c\u2028\u2029\ufeff"
    }


def hostile_run(root: Path, evil: str, run_id: str = "cnn-1", *, live: bool = False) -> RunFolder:
    """A run with a text in its name, tags, note, labels, log lines, metric keys, layers, previews and errors: failed, or in training."""
    at = time.time() - 30 if live else START
    key, layer = f"train/{evil}", f"train/grad_norm/{evil}"
    metric = {"goal": "min", "unit": evil, "chart": evil, "help": evil}
    log = [
        started(host=evil, versions={evil: evil}, at=at),
        PhaseChanged(at=at, phase=evil),
        MetricsDeclared(
            at=at, objective="validation/loss", metrics={key: metric, layer: {**metric, "chart": "layers"}, "validation/loss": metric},
            charts={evil: {"title": evil, "log": False}, "layers": {"title": evil, "log": True}},
            slots=(evil, "layers", *(f"preview:{evil}{kind}" for kind in PREVIEWS)),
        ),
        DeviceChosen(at=at, device=evil, description=evil, threads=1, precision=evil, memory_format=evil),
        DataLoaded(at=at, name=evil, version=evil, task=evil, examples={evil: 1}, baseline={evil: 0.1}, classes=(evil, "b")),
        ModelBuilt(at=at, parameters=1, layers=({"name": evil, "kind": evil, "output_shape": [1], "parameters": 1},)),
        loop(at=at + 10),
        Metrics(steps=[1, 2], at=[at + 11, at + 12], values={key: [1.0, 0.5], layer: [1.0, 2.0]}),
        Evaluated(at=at + 13, step=2, values={"validation/loss": 0.5}),
        Noticed(at=at + 13, message=evil),
        Noticed(at=at + 13, level="warning", message=evil),
        *(PreviewSaved(at=at + 13, step=2, name=evil + kind, title=evil, kind=kind, file=f"{kind}.json") for kind in PREVIEWS),
    ]  # fmt: skip
    if live:
        log.append(SettingChanged(at=at + 14, step=2, name=evil, old=1.0, new=0.5, by=evil))
    else:
        log.append(ended("failed", step=2, at=at + 14, reason=evil, advice=evil, command=evil, detail=evil))
    labels = Labels(name=evil, tags=(evil, "b"), note=evil)
    folder = build_run(root, [], run_id, labels=labels, preset=evil, settings={"lr": 1e-3, evil: evil, "dataset": evil})
    for kind, body in PREVIEWS.items():
        text = json.dumps({"kind": kind, "title": EVIL, **body}).replace(json.dumps(EVIL)[1:-1], json.dumps(evil)[1:-1])
        (folder.samples / f"{kind}.json").write_text(text)
    append(folder, log)
    return folder
