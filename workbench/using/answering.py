"""What may be asked of a trained model, as JSON: what it is, and by its kind to name, write, continue, draw or answer."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from workbench.data.order import generator
from workbench.errors import WorkbenchError
from workbench.exporting.writing import write_bytes
from workbench.uses import Answers, Continues, Draws, Names, Use, Writes, Written
from workbench.using import continuing, pictures
from workbench.using.in_use import InUse, load

T = TypeVar("T")

_BATCH = 128
_KINDS: dict[type[Any], str] = {Names: "names", Writes: "writes", Continues: "continues", Draws: "draws", Answers: "answers"}
_OFFERS = {
    "names": ("names images", "workbench predict {id} FILE..."),
    "writes": ("writes a target for a source", "workbench predict {id} {example}"),
    "continues": ("continues a text", 'workbench sample {id} --prompt "..."'),
    "draws": ("draws images", "workbench sample {id} --count 64 -o grid.png"),
    "answers": ("answers sequences", "workbench predict {id}"),
}


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """The answer to one question.

    Raises:
        WorkbenchError: the run cannot be used, or not for this; says for what it can be.
    """
    if question["do"] == "more":  # the model is in the text that goes on
        with torch.no_grad():
            return continuing.more(question)
    found = load(Path(question["folder"]), recipe=question.get("recipe", ""), step=question.get("step"), as_int8=bool(question.get("int8")))
    kind = _KINDS[type(found.use)]
    if question["do"] == "about":
        return {**found.about(), **_about(found.use), "kind": kind}
    wanted, act = _ACTS[question["do"]]
    if wanted != kind:
        raise _refusal(found, kind, question)
    with torch.no_grad():
        return {**found.about(), "kind": kind, **act(found.use, question)}


def _about(use: Use) -> dict[str, Any]:
    """What a screen or a command needs to know of a model before it asks."""
    match use:
        case Names():
            return {"classes": list(use.classes), "shape": list(use.shape), "looks": use.look is not None, "on_dark": use.on_dark,
                    "examples": use.example is not None}  # fmt: skip
        case Writes():
            return {"takes": use.takes}
        case Continues():
            return {"prompt": use.prompt, "characters": len(use.characters) - 1}
        case Draws():
            return {"classes": list(use.classes), "shape": list(use.shape), "latent": use.latent}
        case Answers():
            return {"takes": use.takes, "reads": use.read is not None, "makes": use.make is not None}


def _name(use: Names, question: Mapping[str, Any]) -> dict[str, Any]:
    """Classes of image files: `rows` of file, what was done to it, and probabilities by class. See `_LeftOut` for the others."""
    left_out = _LeftOut()
    files = [(path, name) for name in question["files"] for path in left_out.tried(name, partial(pictures.listed, [Path(name)])) or ()]
    rows: list[dict[str, Any]] = []
    for part in pictures.in_batches(files, _BATCH):
        images: list[Tensor] = []
        for path, name in part:
            look = partial(pictures.read, path, use.shape, on_dark=use.on_dark, invert=question.get("invert", "auto"))
            if found := left_out.tried(name if str(path) == name else "", look):
                images.append(found[0])
                rows.append({"file": str(path), "done": found[1]})
        if images:
            for row, shares in zip(rows[-len(images) :], use.name(torch.stack(images)).tolist(), strict=True):
                row["probabilities"] = dict(zip(use.classes, shares, strict=True))
    return left_out.beside(rows)


class _LeftOut:
    """What could not be read while the rest is answered: `skipped`, in words, and how many of them were `refused` that were asked for."""

    def __init__(self) -> None:
        self._errors: list[WorkbenchError] = []
        self._refused = 0

    def tried(self, name: str, read: Callable[[], T]) -> T | None:
        """What is read; None where it cannot be. Nobody asked by name for what has none."""
        try:
            return read()
        except WorkbenchError as error:
            self._errors.append(error)
            self._refused += bool(name)
            return None

    def beside(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """The answer.

        Raises:
            WorkbenchError: nothing is left to answer; the first one that was left out.
        """
        if not rows and self._errors:
            raise self._errors[0]
        return {"rows": rows, "skipped": [error.message for error in self._errors], "refused": self._refused}


def _looked_at(use: Names, question: Mapping[str, Any]) -> tuple[Tensor, str, str]:
    """The image (C, H, W) of a file, a held-out example or a drawing; its class where that is known; what was done to it."""
    if question.get("file"):
        image, done = pictures.read(Path(question["file"]), use.shape, on_dark=use.on_dark)
        return image, "", done
    if question.get("pixels") is None:
        if use.example is None:
            raise WorkbenchError("there is no held-out image to show", "draw one")
        return *use.example(int(question.get("example", 0))), "a held-out image"
    height, width = use.shape[1:]
    levels = torch.frombuffer(bytearray(base64.b64decode(question["pixels"])), dtype=torch.uint8).view(1, height, width)
    return pictures.centred(levels.float() / 255).expand(use.shape[0], -1, -1), "", "centred"


def _look(use: Names, question: Mapping[str, Any]) -> dict[str, Any]:
    """Probabilities of one image, and where the model looked."""
    image, truth, done = _looked_at(use, question)
    shares = use.name(image[None])[0].tolist()
    found = {"probabilities": shares, "truth": truth, "done": done, "image": pictures.grey(image[None])}
    if use.look is None:
        return {**found, "look": None}
    heat = use.look(image[None])[:, None]  # (1, 1, H, W)
    seen = image[None].mean(dim=1, keepdim=True)
    return {**found, "look": pictures.grey(seen * 0.4 * (1 - heat) + (0.25 + 0.75 * seen) * heat)}


def _write(use: Writes, question: Mapping[str, Any]) -> dict[str, Any]:
    """What is written for each source, and where was looked."""
    left_out = _LeftOut()
    rows = []
    for place, source in enumerate(question["sources"] or [use.example(int(question.get("example", 0)))], start=1):
        written = left_out.tried(f"source {place}", partial(_written, use, source, place))
        if written is None:
            continue
        rows.append({
            "source": source, "target": written.text, "right": list(use.targets(source)), "unknown": list(written.unknown),
            "attention": {"kind": "matrix", "title": f"{source}: looks at (columns) for (rows)", "rows": list(written.target),
                          "columns": list(written.source), "matrix": [list(row) for row in written.weights]} if written.weights else None,
        })  # fmt: skip
    return left_out.beside(rows)


def _written(use: Writes, source: str, place: int) -> Written:
    """What is written for a source; an error names it."""
    try:
        return use.write(source)
    except WorkbenchError as error:
        named = f"`{source}`" if source.strip() else f"input {place}, which is empty"
        raise WorkbenchError(f"{named}: {error.message}", error.hint, code=error.code) from error


def _continue(use: Continues, question: dict[str, Any]) -> dict[str, Any]:
    return continuing.begin(use, question)


def _draw(use: Draws, question: Mapping[str, Any]) -> dict[str, Any]:
    """Samples: as a PNG where a file is named, else as a preview has them."""
    count, seed = int(question["count"]), int(question.get("seed", 0))
    noise = torch.randn(count, use.latent, generator=generator("sample", seed))
    labels = _labels(use, question.get("class"), count)
    images = torch.cat([use.draw(noise[part], None if labels is None else labels[part]) for part in _parts(count)])
    names = [] if labels is None else [use.classes[label] for label in labels.tolist()]
    if not question.get("file"):
        return {**pictures.grey(images), "captions": names, "title": f"{count} samples, seed {seed}"}
    write_bytes(Path(question["file"]), pictures.sheet(images, question.get("columns")))
    return {"file": question["file"], "count": count}


def _walk(use: Draws, question: Mapping[str, Any]) -> dict[str, Any]:
    """Images on the way from one point of the latent space to another, along the sphere on which noise of many numbers lies."""
    start, end = torch.randn(2, use.latent, generator=generator("walk", int(question["seed"])))
    angle = torch.acos(torch.nn.functional.cosine_similarity(start, end, dim=0).clamp(-1, 1)).clamp(min=1e-4)
    share = torch.linspace(0, 1, int(question["count"]))[:, None]
    between = (((1 - share) * angle).sin() * start + (share * angle).sin() * end) / angle.sin()
    return {**pictures.grey(use.draw(between, _labels(use, question.get("class"), len(between), same=True))), "captions": []}


def _labels(use: Draws, wanted: str | None, count: int, *, same: bool = False) -> Tensor | None:
    """The classes (N,) to draw: all of the wanted one, or each in turn; None where the generator was not told classes."""
    if not use.classes:
        if wanted is not None:
            raise WorkbenchError("the generator was not told the classes, so none can be asked for", "train with --conditional")
        return None
    if wanted is None:
        return torch.zeros(count, dtype=torch.long) if same else torch.arange(count) % len(use.classes)
    if wanted not in use.classes:
        raise WorkbenchError(f"there is no class `{wanted}`", f"there is {', '.join(use.classes)}")
    return torch.full((count,), use.classes.index(wanted))


def _answer(use: Answers, question: Mapping[str, Any]) -> dict[str, Any]:
    """Answers to sequences of a file, or to examples that are made."""
    left_out = _LeftOut()
    if question.get("files"):
        if use.read is None:
            raise WorkbenchError("it reads no file", f"it takes {use.takes}")
        asked = [each for path in question["files"] for each in left_out.tried(path, partial(use.read, Path(path))) or ()]
    elif use.make is None:
        raise WorkbenchError("it needs something to answer", f"it takes {use.takes}")
    else:
        asked = use.make(int(question.get("count", 8)), int(question.get("seed", 0)))
    rows = [
        {"name": one.name, "given": one.shown, "answer": said, "right": one.right}
        for part in pictures.in_batches(asked, _BATCH)
        for one, said in zip(part, use.answer([each.steps for each in part]), strict=True)
    ]
    return left_out.beside(rows)


_ACTS: dict[str, tuple[str, Callable[[Any, dict[str, Any]], dict[str, Any]]]] = {
    "name": ("names", _name), "look": ("names", _look), "write": ("writes", _write), "continue": ("continues", _continue),
    "draw": ("draws", _draw), "walk": ("draws", _walk), "answer": ("answers", _answer),
}  # fmt: skip


def _parts(count: int) -> list[slice]:
    return [slice(start, start + _BATCH) for start in range(0, count, _BATCH)]


def _refusal(found: InUse, kind: str, question: Mapping[str, Any]) -> WorkbenchError:
    what, command = _OFFERS[kind]
    example = found.use.example(0) if isinstance(found.use, Writes) else ""
    run_id = found.run.folder.id
    return WorkbenchError(f"{run_id} {what}, which is not what was asked for", command.format(id=run_id, example=example))
