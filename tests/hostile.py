"""Text that attacks a terminal, in every place where a run can carry text; and what of it may never be printed."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

from tests.builders import START, append, build_run, ended, evaluated, loop, started
from workbench.events.types import DataLoaded, DeviceChosen, Metrics, MetricsDeclared, ModelBuilt, Noticed, PhaseChanged, PreviewSaved
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
    r"\x1b\[[\d;]*m|\x1b\[\d*;?\d*H|\x1b\[\?(?:1000|1003|1004|1006|1015|1016|1049|2004|2026|2048|25|7)[hl]"
    r"|\x1b\[\?\d+\$p|\x1b\[[<>]\d*u|\x1b\]22;[a-z-]*\x07"
)
COLOUR = re.compile(r"\x1b\[38;5;199;4m")  # one that nothing but the corpus has


def foreign(text: str) -> set[str]:
    """Characters that a terminal would act on in what was printed; lines may end."""
    return {
        character
        for character in text
        if (unicodedata.category(character) in ("Cc", "Cs") and character not in "\r\n")
        or unicodedata.bidirectional(character) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        or character in "\u200b\u200e\u200f\u061c\u2028\u2029\ufeff"
    }


def hostile_run(root: Path, evil: str, run_id: str = "cnn-1") -> RunFolder:
    """A failed run with a text in its name, tags, note, labels, log lines, metric keys, previews and errors."""
    key = f"train/{evil}"
    metric = {"goal": "min", "unit": evil, "chart": evil, "help": evil}
    log = [
        started(host=evil, versions={evil: evil}),
        PhaseChanged(at=START, phase=evil),
        MetricsDeclared(
            at=START, objective="validation/loss", metrics={key: metric, "validation/loss": {**metric, "goal": "min"}},
            charts={evil: {"title": evil, "log": False}}, slots=(evil, f"preview:{evil}"),
        ),
        DeviceChosen(at=START, device=evil, description=evil, threads=1, precision=evil, memory_format=evil),
        DataLoaded(at=START, name=evil, version=evil, task=evil, examples={evil: 1}, baseline={evil: 0.1}, classes=(evil, "b")),
        ModelBuilt(at=START, parameters=1, layers=({"name": evil, "kind": evil, "output_shape": [1], "parameters": 1},)),
        loop(),
        Metrics(steps=[1, 2], at=[START + 11, START + 12], values={key: [1.0, 0.5]}),
        evaluated(2, 0.5),
        Noticed(at=START + 13, message=evil),
        PreviewSaved(at=START + 13, step=2, name=evil, title=evil, kind="text", file="evil.json"),
        ended("failed", step=2, at=START + 14, reason=evil, advice=evil, command=evil, detail=evil),
    ]  # fmt: skip
    labels = Labels(name=evil, tags=(evil, "b"), note=evil)
    folder = build_run(root, [], run_id, labels=labels, preset=evil, settings={"lr": 1e-3, evil: evil, "dataset": evil})
    (folder.samples / "evil.json").write_text(json.dumps({"kind": "text", "title": evil, "text": evil * 3}))
    append(folder, log)
    return folder
