"""The line that trains a run on several machines, for somebody else to start."""

from __future__ import annotations

import json
import shlex

from workbench.runs.folder import RunFolder


def torchrun_line(folder: RunFolder) -> str:
    """The command that trains a run on a cluster, once for each machine; all of them see the runs folder."""
    record = folder.record()
    order = [json.dumps({"recipe_path": record.recipe_path})] if record.recipe_path else []
    ends = ["--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:29400", "-m", "workbench.worker", str(folder.path), *order]
    return shlex.join(["torchrun", "--nnodes", "1", "--nproc-per-node", str(record.settings.get("processes", 1)), *ends])
