"""From pairs to a translator: the training loop, and what it is judged by."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from recipes.attention import Config
from recipes.attention.baselines import commonest_target, token_by_token
from recipes.attention.decoding import beam_search, greedy
from recipes.attention.previews import translations
from recipes.attention.translator import Translator
from workbench.data import contents as counting
from workbench.data.language.pairs import Batch, PairData, PairSplit, load_pairs
from workbench.data.language.tokens import END, PAD
from workbench.recipe import Contents, Preview, Run
from workbench.training.inspecting.activity import Activity
from workbench.training.inspecting.histograms import histograms
from workbench.training.inspecting.modes import evaluating
from workbench.training.machine.precision import widened
from workbench.training.machine.threads import trial
from workbench.training.optimizer import Optimizer
from workbench.training.scoring.editing import Errors, count_errors

ROOM = 8  # tokens that may be written beyond the longest target
DECODED = 500  # validation pairs that are written out during the training; its loss is that of all of them


def train(config: Config, run: Run) -> None:
    """Train a translator by teacher forcing; evaluate it as it learns, and test its best weights once."""
    run.phase(f"loading {config.data.dataset}")
    data = load(config, run.device)
    run.loaded(**data.about, baseline=baseline(config, data))

    run.phase("building the model")
    model = run.place(build(config, data))
    optimizer = Optimizer(model, config.optimization, run)
    run.attach(model=model, optimizer=optimizer)
    run.tune(trial(model, optimizer.precision, surprise, next(data.train.epoch(0))))

    for step, batches in run.steps(data.train, batches=config.optimization.accumulate):
        tokens = sum(batch.tokens for batch in batches)
        loss = torch.zeros((), device=run.device)
        for batch in batches:
            with optimizer.precision():
                error = surprise(model, batch)
            optimizer.backward(error, share=batch.tokens / tokens)
            loss = loss + error.detach() * (batch.tokens / tokens)
        run.log(step, {"train/loss": loss, **optimizer.step()})

        if run.due("evaluate"):
            with Activity(model) as activity:
                values = evaluate(config, model, data.validation, "validation", decoded=DECODED)
            run.evaluated(step, {**values, **activity.dead("validation")})
        if run.due("preview"):
            run.preview(step, translations(model, data.validation, longest_target(data)))
            run.preview(step, histograms(model, lambda batch: surprise(model, batch), batches[-1]))

    if run.completed:
        run.tested(evaluate(config, run.best(model), data.test, "test", beam=config.decoding.beam))


def surprise(model: Translator, batch: Batch, reduction: str = "mean") -> Tensor:
    """Cross-entropy of every token that should be said, given those before it; padding never counts."""
    logits = model(batch.sources, batch.inputs)  # (B, T, V)
    return F.cross_entropy(widened(logits.flatten(0, 1)), batch.outputs.flatten(), ignore_index=PAD, reduction=reduction)


@torch.no_grad()
def evaluate(
    config: Config, model: Translator, split: PairSplit, name: str, *, decoded: int | None = None, beam: int = 1
) -> dict[str, float]:
    """Loss under teacher forcing, and the errors of what the model writes for the first `decoded` sources by itself."""
    with evaluating(model):
        batches = [batch for _, batch in split.batches()]
        losses = torch.stack([surprise(model, batch, "sum") for batch in batches])
        errors = written_errors(model, split, decoded, beam)
    values = {"loss": float(losses.sum()) / sum(batch.tokens for batch in batches)}
    if config.data.dataset == "cmudict":
        values |= {"phone_error_rate": errors.token_error_rate, "word_error_rate": errors.sequence_error_rate}
    else:
        values |= {"token_error_rate": errors.token_error_rate, "exact_match": 1 - errors.sequence_error_rate}
    return {f"{name}/{key}": value for key, value in values.items()}


def written_errors(model: Translator, split: PairSplit, decoded: int | None, beam: int) -> Errors:
    """What goes wrong when the model has only itself to go on from."""
    most, written, references = split.longest_target + ROOM, [], []
    for pairs, batch in split.batches(most=decoded):
        ids = greedy(model, batch.sources, most).ids if beam == 1 else beam_search(model, batch.sources, most, beam)
        written += [split.targets.decode(row) for row in ids.tolist()]
        references += [[split.targets.split(target) for target in pair.targets] for pair in pairs]
    return count_errors(written, references)


def baseline(config: Config, data: PairData) -> dict[str, float]:
    """What needs no network, in the measure that decides."""
    train, test = data.train.split, data.test
    if config.data.dataset == "cmudict":
        return {"letter by letter": token_by_token(train, test).token_error_rate}
    return {"commonest target": 1 - commonest_target(train, test).sequence_error_rate}


def build(config: Config, data: PairData) -> Translator:
    """A translator for these symbols and lengths."""
    longest = max(split.longest_source for split in (data.train.split, data.validation, data.test))
    return Translator(config.model, len(data.sources), len(data.targets), longest)


def longest_target(data: PairData) -> int:
    """Tokens that a target may have before it is cut off."""
    return data.train.split.longest_target + ROOM


def load(config: Config, device: torch.device) -> PairData:
    """The three splits that the settings ask for, on the device."""
    own = config.data.dataset == "pairs"  # a file may change between two looks at it; what is shipped or made does not
    return (load_pairs if own else _kept)(
        config.data.dataset,
        device=device,
        batch_size=config.data.batch_size,
        seed=config.machine.seed,
        split_seed=config.machine.split_seed,
        path=config.data.path,
        source_tokens=config.data.source_tokens,
        target_tokens=config.data.target_tokens,
        examples=config.data.examples,
        digits=config.data.sum_digits,
        longest=config.data.longest,
    )


_kept = lru_cache(maxsize=1)(load_pairs)  # the table of layers is made from a second model, for which nothing is read again


def untrained(config: Config) -> tuple[Any, Any]:
    """The network before training, and a batch of one pair."""
    data = load(config, torch.device("cpu"))
    batch = next(data.train.epoch(0))
    return build(config, data), (batch.sources[:1], batch.inputs[:1])


def batch(config: Config, count: int) -> Preview:
    """The first pairs that the network is trained on."""
    data = load(config, torch.device("cpu"))
    first = next(data.train.epoch(0))
    lines = [
        f"{data.sources.join(data.sources.decode(source))} -> {data.targets.join(data.targets.decode(target))}"
        for source, target in zip(first.sources[:count].tolist(), first.outputs[:count].tolist(), strict=True)
    ]
    return Preview("batch", f"{len(lines)} of a batch of {len(first)} pairs", "text", text="\n".join(lines))


def contents(config: Config) -> Contents:
    """The pairs of each split, the tokens that are written, and how many a target has."""
    data = load(config, torch.device("cpu"))
    first = next(data.train.epoch(0)).outputs  # (B, T): tokens, END, PAD
    tokens, lengths = data.train.split.written
    written = (first != PAD) & (first != END)
    return counting.contents(
        data.train,
        data.about,
        counting.frequent("tokens to write", data.targets.tokens, tokens, first[written]),
        counting.lengths("tokens of a target", lengths, written.sum(dim=1)),
    )
