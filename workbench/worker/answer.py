"""The helper's side: questions in on stdin, answers out on stdout, one JSON object a line, until it leaves or trains."""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.finding import find_recipe, looks_like_path, place_in
from workbench.recipe import Recipe
from workbench.runs.folder import RunFolder
from workbench.schema import Settings, build, flat

_IDLE_SECONDS = 300.0
_EXAMPLES = 60  # of a batch: seven rows of digits on a large terminal
_MOST_PIXELS = 4 << 20  # of all of them together, which is what a preview may have


def standby() -> list[str] | None:
    """Import torch, then answer until there is nobody left to answer; the arguments of the worker to become, or None."""
    import torch  # noqa: F401  what the helper is kept for

    with contextlib.suppress(WorkbenchError):
        import workbench.session.handle  # noqa: F401  the first loss comes half a second after the key only if all is imported

    buffer = b""
    while True:
        if not select.select([0], [], [], _IDLE_SECONDS)[0]:
            return None
        piece = os.read(0, 1 << 20)
        if not piece:
            return None
        buffer += piece
        while b"\n" in buffer:
            line, buffer = buffer.split(b"\n", 1)
            question = json.loads(line)
            if question.get("ask") == "train":
                _reply({"training": True})
                _become_worker(question["log"])
                return [str(argument) for argument in question["arguments"]]
            _reply(_answer(question))


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    try:
        match question.get("ask"):
            case "layers":
                return _layers(*_configured(question))
            case "cost":
                return _cost(*_configured(question))
            case "batch":
                return _batch(*_configured(question))
            case "contents":
                return _contents(*_configured(question))
            case "device":
                return _device(question.get("device", "auto"))
            case "export":
                return _export(question)
            case "check":
                return _check(question)
            case "use":
                return _use(question)
            case other:
                return {"error": f"unknown question `{other}`"}
    except WorkbenchError as error:
        return {"error": error.message, "hint": error.hint, "code": int(error.code)}
    except Exception as error:  # noqa: BLE001  a user's recipe may fail in any way; the one who asked shows it, and the helper lives on
        where = place_in(error, Path(question["recipe"])) if looks_like_path(str(question.get("recipe", ""))) else ""
        return {"error": f"{type(error).__name__}: {error}{where}"}


def _configured(question: dict[str, Any]) -> tuple[Recipe, Settings]:
    recipe = find_recipe(question["recipe"])
    return recipe, build(recipe.config, question.get("settings", {}), recipe=recipe.name)


def _layers(recipe: Recipe, config: Settings) -> dict[str, Any]:
    from workbench.training.inspecting.layers import layer_table

    rows, parameters = layer_table(*recipe.model(config))
    return {"layers": rows, "parameters": parameters}


def _cost(recipe: Recipe, config: Settings) -> dict[str, Any]:
    """The layers with their multiply-adds, and the memory of a training step; without memory where the model does not lend itself."""
    from workbench.training.inspecting import cost
    from workbench.training.machine import device

    model, example = recipe.model(config)
    rows, parameters, multiply_adds = cost.with_multiply_adds(model, example)
    settings, batch_size = getattr(config, "optimization", None), flat(config).get("batch_size")
    memory = None
    if settings is not None and isinstance(batch_size, int):
        machine = getattr(config, "machine", None)
        with contextlib.suppress(RuntimeError, ValueError, TypeError, AttributeError):  # a model of somebody's own may want other inputs
            chosen = device.choose(machine.device if machine else "cpu")
            memory = cost.training_memory(model, example, batch_size, settings, chosen, machine.precision if machine else "fp32")
    return {"layers": rows, "parameters": parameters, "multiply_adds": multiply_adds, "memory": memory, "batch_size": batch_size}


def _batch(recipe: Recipe, config: Settings) -> dict[str, Any]:
    """The first training batch as the model sees it, after augmentation."""
    from workbench.session.previews import as_json

    preview = recipe.batch(config, _EXAMPLES)
    if preview.images is not None and preview.images.numel() > _MOST_PIXELS:  # images of a user's own, as large as they wish
        preview = recipe.batch(config, max(1, _MOST_PIXELS * len(preview.images) // preview.images.numel()))
    return as_json(preview)


def _export(question: dict[str, Any]) -> dict[str, Any]:
    """Write a trained model in one of the forms that need torch."""
    from workbench.exporting import forms

    folder, target = RunFolder(Path(question["folder"])), Path(question["target"])
    return forms.write(question["form"], folder, target, recipe=question.get("recipe", ""))


def _use(question: dict[str, Any]) -> dict[str, Any]:
    """What a trained model says to a question; the model stays for the next one."""
    from workbench.using.answering import answer

    return answer(question)


def _check(question: dict[str, Any]) -> dict[str, Any]:
    """Whether a recipe keeps its side of the contract: what was looked at, and what is wrong, empty where nothing is."""
    from workbench.worker.contract import check

    return {"checks": [asdict(outcome) for outcome in check(find_recipe(question["recipe"]))]}


def _contents(recipe: Recipe, config: Settings) -> dict[str, Any]:
    """What a run would learn from; nothing where the recipe does not tell."""
    return asdict(recipe.contents(config)) if recipe.contents else {}


def _device(name: str) -> dict[str, Any]:
    from workbench.training.machine import device, precision

    chosen = device.choose(name)
    return {"device": str(chosen), "description": device.describe(chosen), "available": list(device.available()),
            "precision": precision.resolve("auto", chosen)}  # fmt: skip


def _reply(answer: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # who asked may have gone; a run that was asked for is trained all the same
        os.write(1, json.dumps(answer).encode() + b"\n")


def _become_worker(log: str) -> None:
    """Let go of the user interface's pipes, which may come and go from here on, and of the models that it used."""
    if used := sys.modules.get("workbench.using.in_use"):  # else none was
        used.forget()
    nothing = os.open(os.devnull, os.O_RDONLY)
    lines = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(lines, 1)
    os.dup2(lines, 2)
    os.close(nothing)
    os.close(lines)
