"""What to look at while a recurrent network learns: what it writes, what its hidden units do, what it is given."""

from __future__ import annotations

import torch
from torch import Tensor

from recipes.rnn import Config, task
from recipes.rnn import data as loading
from recipes.rnn.model import Recurrent, State
from workbench.data.language.text import TextData, Vocabulary
from workbench.data.order import generator
from workbench.data.sequences import SequenceData
from workbench.recipe import Preview
from workbench.training.inspecting.modes import evaluating

PROMPT = 24  # characters of the validation text, where no prompt is given
READ = 64  # characters or steps whose hidden states are shown
UNITS = 24  # hidden units shown: those that change most
LIKELIEST = 6  # next characters listed
BAR = 20  # cells of the bar of a certain character
SHOWN = {"\n": "¶", "\t": "→", " ": "·"}


@torch.no_grad()
def written(model: Recurrent, data: TextData, config: Config) -> Preview:
    """The prompt, what the model makes of it at a temperature, and how likely it finds each character behind the prompt."""
    look = config.look
    prompt = look.prompt or data.vocabulary.decode(data.validation[:PROMPT])
    text, following = continued(model, data.vocabulary, prompt, look.sampled, look.temperature, config.machine.seed)
    shares, numbers = following.topk(min(LIKELIEST, len(following)))
    bars = [
        f"  {SHOWN.get(character := data.vocabulary.characters[number], character)}  {share:4.0%}  {'#' * round(BAR * share)}"
        for share, number in zip(shares.tolist(), numbers.tolist(), strict=True)
    ]
    title = f"continued: at temperature {look.temperature:g}, and what may follow the prompt"
    return Preview("text", title, "text", text="\n".join([f"[{prompt}]{text}", "", f"behind [{_visible(prompt[-8:])}]:", *bars]))


@torch.no_grad()
def continued(
    model: Recurrent, vocabulary: Vocabulary, prompt: str, count: int, temperature: float, seed: int
) -> tuple[str, Tensor]:  # fmt: skip
    """`count` characters that follow a prompt, and the probabilities (K,) of the first of them at temperature 1.

    Never the unknown character, of which nobody could say what it is. The draws are of the seed alone, so that two looks at
    equal weights are equal and the training's random numbers stay where they are.
    """
    device = model.output.weight.device
    numbers = generator("written", seed)
    ids = vocabulary.encode(prompt or "\n")[None].to(device)  # (1, T)
    state: State = ()
    chosen, following = [], torch.zeros(0)
    with evaluating(model):
        for _ in range(count):
            logits, state = model(ids, state)
            likely = logits[0, -1].float().cpu()  # (K,)
            likely[0] = -torch.inf
            following = likely.softmax(dim=0) if not chosen else following
            chosen.append(int(torch.multinomial((likely / temperature).softmax(dim=0), 1, generator=numbers)))
            ids = torch.tensor([[chosen[-1]]], device=device)
    return vocabulary.decode(torch.tensor(chosen)), following


@torch.no_grad()
def hidden_of_text(model: Recurrent, data: TextData) -> Preview:
    """The hidden units that change most, over some characters of the validation text."""
    ids = data.validation[:READ]
    return _activity(model, ids[None], tuple(_visible(data.vocabulary.decode(ids))), "over the validation text")


@torch.no_grad()
def hidden_of_sequence(model: Recurrent, data: SequenceData) -> Preview:
    """The hidden units that change most, over the steps of the first validation example."""
    inputs, targets, _ = data.validation.chosen(slice(0, 1))
    name = ""
    if data.target == "class":
        name = f", a {data.classes[int(targets[0])]}"
    return _activity(model, inputs, tuple(str(t) for t in range(1, inputs.shape[1] + 1)), f"over the first validation example{name}")


def first_batch(config: Config, count: int) -> Preview:
    """Text in the lines that a step reads, or the first sequence as a matrix: features as rows, steps as columns."""
    cpu = torch.device("cpu")
    if task(config).name == "text":
        data = loading.text(config, cpu, baseline=False)
        inputs, _ = next(loading.streams(config, data).epoch(0))
        lines = [_visible(data.vocabulary.decode(ids)) for ids in inputs[:count]]
        title = f"{len(lines)} of {len(inputs)} places in the text, {inputs.shape[1]} characters"
        return Preview("batch", title, "text", text="\n".join(lines))
    sequences = loading.sequences(config, cpu, baseline=False)
    inputs, targets, _ = next(sequences.train.epoch(0))
    if sequences.target == "class" and inputs.shape[2] > 1:
        return _as_images(inputs, [sequences.classes[label] for label in targets[:count].tolist()])
    answers = {"class": lambda: sequences.classes[int(targets[0])], "number": lambda: f"{float(targets[0]):.3g}"}
    answer = f"answer {answers[sequences.target]()}" if sequences.target in answers else "its symbols are to be repeated"
    first = inputs[0].T  # (I, T)
    rows, columns = (tuple(str(number) for number in range(1, size + 1)) for size in first.shape)
    title = f"1 of a batch of {len(inputs)}, by step; {answer}"
    return Preview("batch", title, "matrix", matrix=tuple(map(tuple, first.tolist())), rows=rows, columns=columns)


def _as_images(inputs: Tensor, names: list[str]) -> Preview:
    """Sequences (B, T, I) with a class each as images of T rows, dark where a feature is least."""
    shown = inputs[: len(names)].float()
    low, high = shown.amin(), shown.amax()
    grey = (shown - low) * (255 / (high - low).clamp(min=1e-12))
    title = f"{len(names)} of a batch of {len(inputs)}; each row is a step"
    return Preview("batch", title, "images", images=grey, captions=tuple(names))


def _activity(model: Recurrent, inputs: Tensor, columns: tuple[str, ...], where: str) -> Preview:
    """The last layer's h over the steps of one example; of a bidirectional network both directions."""
    with evaluating(model):
        outputs, _ = model.recurrent(model.read(inputs)[0])
    hidden = outputs[0].float().cpu()  # (T, H)
    units = hidden.std(dim=0, unbiased=False).topk(min(UNITS, hidden.shape[1])).indices.sort().values
    matrix = tuple(tuple(row) for row in hidden[:, units].T.tolist())
    rows = tuple(f"unit {unit}" for unit in units.tolist())
    return Preview("hidden", f"hidden state: {where}", "matrix", matrix=matrix, rows=rows, columns=columns)


def _visible(text: str) -> str:
    """The text with a character for each line end, tab and space."""
    return "".join(SHOWN.get(character, character) for character in text)
