"""The best weights as a safetensors file, which holds tensors and texts and nothing that runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from workbench.errors import WorkbenchError
from workbench.exporting.model.words import of_weights
from workbench.exporting.writing import replacing
from workbench.runs.folder import RunFolder
from workbench.using.trained_run import TrainedRun


def write(folder: RunFolder, target: Path, *, recipe: str = "", **_: Any) -> dict[str, Any]:
    """Write the model's weights under their names in the recipe, with what they are as metadata.

    Raises:
        WorkbenchError: the run has no weights, or the file cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    run = TrainedRun(folder)
    tensors = {name: value.detach().contiguous().clone() for name, value in run.weights.parts["model"].items() if isinstance(value, Tensor)}
    if not tensors:
        raise WorkbenchError(f"{folder.id} has a model without weights", "there is nothing to take elsewhere")
    words, lacking = of_weights(run, recipe)
    with replacing(target) as partial:
        try:
            save_file(tensors, partial, metadata={**run.about(), **words})
        except SafetensorError as error:  # its own word for a full disk or a folder that is not there
            raise OSError(None, str(error)) from error
    count = sum(value.numel() for value in tensors.values())
    return {"said": f"{run.said}: {count:,} numbers in {len(tensors)} tensors{lacking}", "tensors": len(tensors), "step": run.weights.step}
