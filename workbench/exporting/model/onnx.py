"""The best model as ONNX, kept only if onnxruntime computes from it what torch computes, for other batch sizes and lengths, too."""

from __future__ import annotations

import contextlib
import inspect
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from workbench.errors import WorkbenchError
from workbench.exporting.model.words import in_words
from workbench.exporting.writing import replacing
from workbench.runs.folder import RunFolder
from workbench.using.trained_run import TrainedRun

TOLERANCE = 1e-4  # of the largest output where that is above 1
_OPSET = 18
_BATCHES = (1, 3)
_TRACED = 2  # examples in the batch that is followed: a batch of one is easily taken for a constant
_SEED = 0


@dataclass(frozen=True)
class Graph:
    """A module as it leaves: its inputs by name, and which of their axes may have any length."""

    module: nn.Module
    names: tuple[str, ...]
    inputs: tuple[Tensor, ...]  # a batch of _TRACED each
    lengths: tuple[bool, ...]  # of each input whether its axis 1 is one of steps or tokens, and left open
    follows: str = ""  # the input whose length the output's axis 1 has

    @property
    def axes(self) -> dict[str, dict[int, str]]:
        found = {name: {0: "batch"} for name in (*self.names, "output")}
        for name, is_open in zip(self.names, self.lengths, strict=True):
            if is_open:
                found[name][1] = f"{name}_length"
            if is_open and name == self.follows:
                found["output"][1] = f"{name}_length"
        return found


def write(folder: RunFolder, target: Path, *, recipe: str = "", **_: Any) -> dict[str, Any]:
    """Write the graph, compare it with torch, and keep it only if they agree.

    Raises:
        WorkbenchError: the architecture has no ONNX form, or none that agrees; nothing is left at `target`.
    """
    run = TrainedRun(folder)
    found, config, whole, inputs = run.model(recipe)
    module = whole
    if found.serves is not None:
        module, inputs = found.serves(config, module, inputs)
        inputs = inputs if isinstance(inputs, tuple) else (inputs,)
    first = _FirstOutput(module).eval()
    reasons: list[str] = []
    with replacing(target) as partial:
        for graph, export in _attempts(module, first, inputs):
            try:
                with _quietly():
                    export(graph, partial)
                worst = _compare(graph, partial)
            except Exception as error:  # noqa: BLE001  exporters and runtimes fail in every way there is; the next attempt may do
                reasons.append(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
                continue
            words, lacking = in_words(run, found, config, whole)
            _describe(partial, {**run.about(), **words})
            opened = [name for name, is_open in zip(graph.names, graph.lengths, strict=True) if is_open]
            lengths = f", any length of {' and '.join(opened)}" if opened else ""
            return {
                "said": f"{run.said}; onnxruntime agrees within {worst:.1g} for any batch size{lengths}{lacking}",
                "worst": worst,
                "opened": opened,
            }
        raise WorkbenchError(
            f"{folder.id} cannot leave as ONNX: {reasons[0]}", "the weights leave with --to safetensors, whatever the architecture"
        )


def _attempts(module: nn.Module, first: nn.Module, inputs: Sequence[Tensor]) -> Iterator[tuple[Graph, Callable[[Graph, Path], None]]]:
    """Open lengths before fixed ones; torch's tracing exporter, which keeps recurrences as nodes, before the one of torch.export."""
    names = tuple(list(inspect.signature(module.forward).parameters)[: len(inputs)])
    batch = tuple(torch.cat([example[:1]] * _TRACED) for example in inputs)
    sequences = tuple((each.ndim == 2 and not each.is_floating_point()) or each.ndim == 3 for each in batch)
    follows = _followed(first, names, batch)
    for lengths in dict.fromkeys([sequences, (False,) * len(batch)]):
        graph = Graph(first, names, batch, lengths, follows)
        yield graph, _traced
    yield graph, _exported


def _followed(module: nn.Module, names: Sequence[str], inputs: Sequence[Tensor]) -> str:
    """The input that has an output for each of its steps, the last one of several: a target is written behind its source."""
    with contextlib.suppress(Exception), torch.no_grad():  # a module that does not take these is told of by its export
        output = module(*inputs)
        fits = [name for name, each in zip(names, inputs, strict=True) if each.ndim > 1 and output.shape[1:2] == each.shape[1:2]]
        return fits[-1] if fits and output.ndim == 3 else ""
    return ""


def _traced(graph: Graph, target: Path) -> None:
    torch.onnx.export(
        graph.module, graph.inputs, str(target), input_names=list(graph.names), output_names=["output"], dynamic_axes=graph.axes,
        opset_version=_OPSET, dynamo=False,
    )  # fmt: skip


def _exported(graph: Graph, target: Path) -> None:
    shapes = (tuple({0: torch.export.Dim("batch")} for _ in graph.inputs),)
    torch.onnx.export(
        graph.module, graph.inputs, str(target), input_names=list(graph.names), output_names=["output"], dynamic_shapes=shapes,
        dynamo=True, external_data=False, verbose=False,
    )  # fmt: skip


def _compare(graph: Graph, path: Path) -> float:
    """The largest difference between onnxruntime and torch, over inputs of other sizes than the one that was followed.

    Raises:
        ValueError: they differ by more than TOLERANCE.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    worst = 0.0
    for inputs in _others(graph):
        with torch.no_grad():
            wanted = graph.module(*inputs).float()
        (given,) = session.run(None, {name: each.numpy() for name, each in zip(graph.names, inputs, strict=True)})
        if tuple(given.shape) != tuple(wanted.shape):
            raise ValueError(f"the graph returns {tuple(given.shape)} where torch returns {tuple(wanted.shape)}")
        difference = float((torch.from_numpy(given) - wanted).abs().max()) / max(1.0, float(wanted.abs().max()))
        if not difference <= TOLERANCE:
            raise ValueError(f"onnxruntime and torch differ by {difference:.2g}, more than {TOLERANCE:g}")
        worst = max(worst, difference)
    return worst


def _others(graph: Graph) -> Iterator[tuple[Tensor, ...]]:
    """Random inputs: other batch sizes, and where lengths are open, other lengths; also longer ones, where torch takes those."""
    random = torch.Generator().manual_seed(_SEED)
    tables = [part.num_embeddings for part in graph.module.modules() if isinstance(part, nn.Embedding)]
    for batch in _BATCHES:
        for change in (0, -1, 1) if any(graph.lengths) else (0,):
            made = []
            for each, is_open in zip(graph.inputs, graph.lengths, strict=True):
                shape = [batch, *each.shape[1:]]
                if is_open:
                    shape[1] = max(1, shape[1] + change * max(1, shape[1] // 3))
                if each.is_floating_point():
                    made.append(torch.randn(shape, generator=random))
                else:
                    most = min(tables, default=int(each.max()) + 1)
                    made.append(torch.randint(min(1, most - 1), most, shape, generator=random, dtype=each.dtype))
            if change <= 0 or _takes(graph.module, made):
                yield tuple(made)


def _takes(module: nn.Module, inputs: Sequence[Tensor]) -> bool:
    """Whether torch itself takes inputs of that length: a transformer has a longest."""
    try:
        with torch.no_grad():
            module(*inputs)
    except (RuntimeError, IndexError, ValueError, AssertionError):
        return False
    return True


def _describe(path: Path, about: dict[str, str]) -> None:
    import onnx

    graph = onnx.load(str(path))
    graph.producer_name, graph.producer_version = "training-workbench", about["workbench"]
    graph.doc_string = f"{about['run']} {about['name']}".strip()
    onnx.helper.set_model_props(graph, {name: value for name, value in about.items() if name not in ("format", "workbench")})
    onnx.checker.check_model(graph)
    onnx.save(graph, str(path))


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Without the exporters' progress and warnings: what comes of them is compared."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


class _FirstOutput(nn.Module):
    """A module that returns one tensor, whatever else the wrapped one returns (a state, for example)."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: Tensor) -> Tensor:
        output = self.module(*inputs)
        found: Tensor = output[0] if isinstance(output, tuple) else output
        return found
