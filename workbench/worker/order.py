"""What a worker is told besides its run's folder."""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.schema import Value


@dataclass
class Order:
    """What is to be different from what the run's record says, and how the worker came to be.

    Attributes:
        amended: settings that differ from the record's from now on.
        recipe_path: of a recipe that is not among the found ones; never taken from the run's folder, which chooses no code.
        before: how many attempts there were when it was asked for: another one meanwhile means that it was asked twice.
        placed: whether it has waited for its turn, and holds its slot.
        device: that of its slot, where the settings leave it open.
        dropped: who took the run out of the queue before its turn came.
        launched: one of several processes, below one that holds the run's lock and its slot.
    """

    amended: dict[str, Value] = field(default_factory=dict)
    recipe_path: str = ""
    before: int | None = None
    placed: bool = False
    device: str = ""
    dropped: str = ""
    launched: bool = False
