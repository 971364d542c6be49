"""Runs of each kind, trained for a step or two: what a model says does not matter here, only that and how it is asked."""

from __future__ import annotations

from pathlib import Path

from tests.training_runs import configure, prepare, train_here
from workbench.finding import find_recipe
from workbench.runs.folder import RunFolder
from workbench.schema import Value

TEXT = "The quick brown fox jumps over the lazy dog.\nPack my box with five dozen liquor jugs.\n" * 40
QUICK: dict[str, Value] = {"threads": 1, "max_steps": 2, "epochs": None, "evaluate_every": 2, "preview_every": 100, "precision": "fp32"}
KINDS: dict[str, tuple[str, str, dict[str, Value]]] = {
    "images": ("cnn", "digits", {"blocks": 1, "width": 4}),
    "image-rows": ("rnn", "rows", {"dataset": "digits", "hidden": 8}),
    "image-tokens": ("attention", "rows", {"width": 8, "layers": 1, "heads": 2}),
    "pairs": ("attention", "dates", {"examples": 100, "width": 8, "embedding": 4}),
    "pairs-plain": ("attention", "sums", {"examples": 100, "width": 8, "embedding": 4, "score": "none", "encoder": "gru"}),
    "text": ("rnn", "text", {"dataset": "text", "batch_size": 2, "length": 16, "hidden": 8, "warmup_steps": 0}),
    "text-tokens": ("attention", "text", {"dataset": "text", "batch_size": 2, "context_length": 16, "width": 8, "heads": 2}),
    "adding": ("rnn", "adding", {"examples": 200, "length": 8, "hidden": 4}),
    "copy": ("rnn", "copy", {"examples": 100, "hidden": 4}),
    "table": ("rnn", "adding", {"dataset": "csv", "hidden": 4, "batch_size": 4}),
    "classes": ("gan", "digits", {"conditional": True, "generator_width": 8, "discriminator_width": 8}),
    "drawings": ("gan", "unlabelled", {"generator_width": 8, "discriminator_width": 8}),
}


def trained(root: Path, kind: str, **changed: Value) -> RunFolder:
    """A run of a kind, in a store of its own below `root`."""
    name, preset, settings = KINDS[kind]
    place = root / kind
    place.mkdir(exist_ok=True)
    own: dict[str, Value] = {}
    if settings.get("dataset") == "text":
        (place / "text.txt").write_text(TEXT)
        own = {"path": str(place / "text.txt")}
    if settings.get("dataset") == "csv":
        (place / "table.csv").write_text("".join(f"{n},{n + 1},{n % 7},{'up' if n % 2 else 'down'}\n" for n in range(40)))
        own = {"path": str(place / "table.csv")}
    recipe = find_recipe(name)
    config = configure(recipe, preset, **{**QUICK, **settings, **own, **changed})
    folder = prepare(place, recipe, config)
    train_here(folder, recipe, config)
    return folder
