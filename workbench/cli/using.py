"""Asking the helper what a trained model says; the process that knows torch is started for the call."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.cli import output
from workbench.errors import WorkbenchError
from workbench.runs.folder import RunFolder
from workbench.units import size

WHAT = {
    "names": "names images",
    "writes": "writes a target for a source",
    "continues": "continues a text",
    "draws": "draws images",
    "answers": "answers sequences",
}
_SAME_SPEED = 0.1  # share by which two timings differ for no reason


class Model:
    """The trained model of a run, as the helper has it.

    Attributes:
        about: which weights they are, and what the model can be asked (`kind`).
    """

    def __init__(self, ask: Any, folder: RunFolder, recipe: str, step: int | None, int8: bool) -> None:
        self._ask = ask
        self._which = {"folder": str(folder.path.absolute()), "recipe": recipe, "step": step, "int8": int8}
        self.about: dict[str, Any] = self.ask("about")

    @property
    def kind(self) -> str:
        return str(self.about["kind"])

    @property
    def header(self) -> dict[str, Any]:
        """What every document of an answer begins with."""
        return {key: self.about[key] for key in ("id", "recipe", "step", "is_best", "kind", "int8")}

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """One question; see `workbench/using/answering.py`.

        Raises:
            WorkbenchError: the model cannot be asked this, or there is none.
        """
        found: dict[str, Any] = self._ask("use", do=do, **self._which, **more)
        return found


def refuse_others(context: Any, model: Model, fits: Mapping[str, Sequence[str]], *, given: bool = False) -> None:
    """Refuse options that were typed and do nothing for what the model is.

    Args:
        fits: of each kind of model the parameters that only some kinds have.
        given: whether there is something to answer; nothing is made then.

    Raises:
        WorkbenchError: names one of them, and those that fit.
    """
    flags = {parameter.name: max(parameter.opts, key=len) for parameter in context.command.params}
    own = () if given and model.kind == "answers" else fits.get(model.kind, ())
    for name in dict.fromkeys(name for names in fits.values() for name in names):
        if name not in own and context.get_parameter_source(name).name == "COMMANDLINE":
            fitting = ", ".join(flags[each] for each in own)
            raise WorkbenchError(
                f"{flags[name]} does nothing here: {model.about['id']} {WHAT[model.kind]}",
                f"it takes {fitting}" if fitting else "leave it out",
            )


@contextlib.contextmanager
def opened(folder: RunFolder, *, recipe: str = "", step: int | None = None, int8: bool = False) -> Iterator[Model]:
    """The model of a run for some questions; says on stderr which weights answer."""
    from workbench.launching.ask import Helper

    helper = Helper()
    try:
        model = Model(helper.ask, folder, str(Path(recipe).expanduser().absolute()) if recipe else "", step, int8)
        output.say(f"{folder.id}: {model.about['said']}")
        if saved := model.about["int8"]:
            output.say(in_int8(saved))
        yield model
    finally:
        helper.close()


def in_int8(saved: dict[str, Any]) -> str:
    """What int8 came to against fp32: size, time of one example, and the largest difference of an output."""
    before, now = saved["seconds_fp32"], saved["seconds_int8"]
    speed = f"{before / now:.1f} times as fast" if now <= before else f"{now / before:.1f} times as slow"
    if abs(before - now) < _SAME_SPEED * before:
        speed = "about as fast"
    apart = saved["largest_difference"]
    return (
        f"int8 in {output.plural(saved['layers'], 'layer')}: {size(saved['bytes_fp32'])} -> {size(saved['bytes_int8'])}, "
        f"{1000 * before:.2g} ms -> {1000 * now:.2g} ms an example ({speed} here), outputs differ by at most {apart:.2g}"
    )
