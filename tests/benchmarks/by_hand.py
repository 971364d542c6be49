"""The loops that one writes by hand for the models of the recipes: a DataLoader over examples one by one, fp32, torch's default
threads, `loss.item()` at each step. Each trains until `tick()` says no, and returns what it reaches on the test split (0 where
the comparison is of speed alone).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Tick = Callable[[], bool]  # called behind each step; whether to go on


def cnn(config: Any, tick: Tick) -> float:
    """An image classifier as tutorials write it."""
    import torch
    import torch.nn.functional as F
    from torch.utils.data import DataLoader, Dataset
    from torchvision import transforms

    from recipes.cnn.model import ConvNet
    from recipes.cnn.train import load

    data = load(config, torch.device("cpu"))
    info, settings = data.test.info, config.data
    prepared = [transforms.ConvertImageDtype(torch.float), transforms.Normalize(info.mean, info.std)]
    moved = transforms.RandomAffine(
        settings.rotate,
        translate=(settings.shift / info.shape[2], settings.shift / info.shape[1]),
        scale=(1 / (1 + settings.zoom), 1 + settings.zoom),
        shear=settings.slant,
    )

    class Examples(Dataset):  # type: ignore[type-arg]
        def __init__(self, split: Any, transform: Any) -> None:
            self.images, self.labels, self.transform = split.images, split.labels, transform

        def __len__(self) -> int:
            return len(self.labels)

        def __getitem__(self, index: int) -> tuple[Any, int]:
            return self.transform(self.images[index]), int(self.labels[index])

    torch.manual_seed(config.machine.seed)
    training = Examples(data.train.split, transforms.Compose([prepared[0], moved, prepared[1]]))
    loader = DataLoader(training, batch_size=settings.batch_size, shuffle=True)
    model = ConvNet(config.model, info.shape, len(info.classes))
    optimizer = torch.optim.AdamW(model.parameters(), config.optimization.lr, weight_decay=config.optimization.weight_decay)
    total = len(loader) * config.budget.epochs
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.optimization.lr, total_steps=total + 1)
    going = True
    while going:
        for images, labels in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            schedule.step()
            loss.item()
            if not (going := tick()):
                break
    model.eval()
    tested = DataLoader(Examples(data.test, transforms.Compose(prepared)), batch_size=500)
    with torch.no_grad():
        right = sum(int((model(images).argmax(dim=1) == labels).sum()) for images, labels in tested)
    return right / len(data.test)


def rnn(config: Any, tick: Tick) -> float:
    """A character model: windows of the text, one by one, through a loader."""
    import torch
    import torch.nn.functional as F
    from torch.utils.data import DataLoader, Dataset

    from recipes.rnn.data import for_text, text
    from recipes.rnn.train_text import evaluate

    data = text(config, torch.device("cpu"), baseline=False)
    length = config.data.length

    class Pieces(Dataset):  # type: ignore[type-arg]
        def __len__(self) -> int:
            return (len(data.train) - 1) // length

        def __getitem__(self, index: int) -> tuple[Any, Any]:
            start = index * length
            return data.train[start : start + length], data.train[start + 1 : start + length + 1]

    torch.manual_seed(config.machine.seed)
    loader = DataLoader(Pieces(), batch_size=config.data.batch_size, shuffle=True, drop_last=True)
    model = for_text(config, len(data.vocabulary))
    optimizer = torch.optim.AdamW(model.parameters(), config.optimization.lr, weight_decay=config.optimization.weight_decay)
    going = True
    while going:
        for inputs, targets in loader:
            optimizer.zero_grad()
            logits, _ = model(inputs, ())
            loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), config.optimization.clip_norm)
            optimizer.step()
            loss.item()
            if not (going := tick()):
                break
    return evaluate(model, data.test, "test")["test/bits_per_character"]


def attention(config: Any, tick: Tick) -> float:
    """A translator: pairs one by one, padded to the longest of a batch that was drawn at random."""
    import torch
    import torch.nn.functional as F
    from torch.nn.utils.rnn import pad_sequence
    from torch.utils.data import DataLoader

    from recipes.attention.translate import build, evaluate, load
    from workbench.data.language.tokens import PAD

    data = load(config, torch.device("cpu"))
    pairs = []
    for batch in data.train.epoch(0):
        for source, given, wanted in zip(batch.sources, batch.inputs, batch.outputs, strict=True):
            length = int((wanted != PAD).sum())
            pairs.append((source[source != PAD], given[:length], wanted[:length]))

    def collate(examples: list[Any]) -> tuple[Any, ...]:
        return tuple(pad_sequence(list(column), batch_first=True, padding_value=PAD) for column in zip(*examples, strict=True))

    torch.manual_seed(config.machine.seed)
    loader = DataLoader(pairs, batch_size=config.data.batch_size, shuffle=True, collate_fn=collate)  # type: ignore[arg-type]
    model = build(config, data)
    optimizer = torch.optim.AdamW(model.parameters(), config.optimization.lr, weight_decay=config.optimization.weight_decay)
    going = True
    while going:
        for sources, given, wanted in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(sources, given).flatten(0, 1), wanted.flatten(), ignore_index=PAD)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), config.optimization.clip_norm or 1e9)
            optimizer.step()
            loss.item()
            if not (going := tick()):
                break
    return evaluate(config, model, data.test, "test", beam=config.decoding.beam)["test/phone_error_rate"]


def gan(config: Any, tick: Tick) -> float:
    """Two networks against each other, as PyTorch's DCGAN tutorial has it, with the R1 penalty of Mescheder et al. 2018 at each
    step, as their own loop has it, and the usual average of the generator. The settings are those of the preset `digits`.
    """
    import contextlib
    import copy

    import torch
    import torch.nn.functional as F
    from torch.utils.data import DataLoader, Dataset
    from torchvision import transforms

    from recipes.gan.data import load
    from recipes.gan.judging import Judge
    from recipes.gan.model import Adversaries

    reals = load(config, torch.device("cpu"))
    split = reals.train.split
    pictures = (split.images * (255 // split.info.brightest)).squeeze(1).numpy()
    prepared = transforms.Compose([transforms.ToPILImage(), transforms.ToTensor(), transforms.Normalize(0.5, 0.5)])

    class Examples(Dataset):  # type: ignore[type-arg]
        def __len__(self) -> int:
            return len(pictures)

        def __getitem__(self, index: int) -> tuple[Any, int]:
            return prepared(pictures[index]), int(split.labels[index])

    torch.manual_seed(config.machine.seed)
    loader = DataLoader(Examples(), batch_size=config.data.batch_size, shuffle=True, drop_last=True)
    networks = Adversaries(config.model, reals.shape, len(reals.classes))
    drawing, judging = networks.generator, networks.discriminator
    networks.average = average = copy.deepcopy(drawing).requires_grad_(False)
    rate, betas = config.optimization.lr, (config.optimization.beta1, config.optimization.beta2)
    of_drawing = torch.optim.Adam(drawing.parameters(), rate, betas=betas)
    of_judging = torch.optim.Adam(judging.parameters(), rate * config.game.discriminator_lr, betas=betas)
    total = len(loader) * config.budget.epochs
    schedules = [torch.optim.lr_scheduler.CosineAnnealingLR(each, total) for each in (of_drawing, of_judging)]
    going = True
    while going:
        for real, _ in loader:
            of_judging.zero_grad()
            real.requires_grad_()
            of_real = judging(real)
            (slope,) = torch.autograd.grad(of_real.sum(), real, create_graph=True)
            penalty = config.game.r1 / 2 * slope.square().flatten(1).sum(dim=1).mean()
            on_real = F.binary_cross_entropy_with_logits(of_real, torch.ones(len(real)))
            (on_real + penalty).backward()
            fake = drawing(torch.randn(len(real), config.model.latent))
            on_fake = F.binary_cross_entropy_with_logits(judging(fake.detach()), torch.zeros(len(real)))
            on_fake.backward()
            of_judging.step()
            of_drawing.zero_grad()
            answer = F.binary_cross_entropy_with_logits(judging(fake), torch.ones(len(real)))
            answer.backward()
            of_drawing.step()
            for schedule in schedules:
                schedule.step()
            with torch.no_grad():
                for kept, now in zip(average.parameters(), drawing.parameters(), strict=True):
                    kept.lerp_(now, 1 - config.model.average)
                for kept, now in zip(average.buffers(), drawing.buffers(), strict=True):
                    kept.copy_(now)
            on_real.item(), on_fake.item(), answer.item()
            if not (going := tick()):
                break
    judge = Judge(reals, labelled=True, seed=config.machine.seed)
    return judge.evaluate(networks, "test", contextlib.nullcontext(), conditional=False)["test/relative_frechet_distance"]
