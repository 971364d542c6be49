"""Settings that get another value while a run trains."""

from __future__ import annotations

from typing import Any

from workbench.errors import WorkbenchError
from workbench.session.passage import Passage
from workbench.session.requests import Number
from workbench.session.resuming.restoring import set_dropout


class Live:
    """Passes a new value to whatever keeps it: the passage through the data, the layers, or a part such as the optimizer.

    Attributes:
        values: those that no part keeps by itself, for the checkpoint.
        passage: through the training data, once there is one.
    """

    def __init__(self, parts: dict[str, Any]) -> None:
        self._parts = parts
        self.values: dict[str, Number] = {}
        self.passage: Passage | None = None

    def change(self, name: str, value: Number) -> str:
        """Give a setting another value; says from when on, where that is not at once.

        Raises:
            WorkbenchError: this run cannot do with it.
        """
        if name == "batch_size" and self.passage is not None:
            self.passage.resize(int(value or 1))
            return " from the next epoch on"
        if name == "dropout":
            self._drop_out(value)
            return ""
        for part in self._parts.values():
            if hasattr(part, "change"):
                part.change(name, value)
        return ""

    def restore(self, values: dict[str, Number]) -> None:
        """Set again what a checkpoint says was set."""
        for name, value in values.items():
            self.change(name, value)

    def _drop_out(self, value: Number) -> None:
        if not set_dropout(self._parts, float(value or 0.0)):
            raise WorkbenchError("this model has no dropout", "")
        self.values["dropout"] = value
