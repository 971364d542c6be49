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
    while True:
        for inputs, targets in loader:
            optimizer.zero_grad()
            logits, _ = model(inputs, ())
            loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), config.optimization.clip_norm)
            optimizer.step()
            loss.item()
            if not tick():
                return 0.0


def attention(config: Any, tick: Tick) -> float:
    """A translator: pairs one by one, padded to the longest of a batch that was drawn at random."""
    import torch
    import torch.nn.functional as F
    from torch.nn.utils.rnn import pad_sequence
    from torch.utils.data import DataLoader

    from recipes.attention.translate import build, load
    from workbench.data.tokens import PAD

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
    while True:
        for sources, given, wanted in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(sources, given).flatten(0, 1), wanted.flatten(), ignore_index=PAD)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), config.optimization.clip_norm or 1e9)
            optimizer.step()
            loss.item()
            if not tick():
                return 0.0


def gan(config: Any, tick: Tick) -> float:
    """Two networks against each other: images through a loader, R1 by autograd, an average of the generator by hand."""
    import copy

    import torch
    from torch.utils.data import DataLoader, Dataset
    from torchvision import transforms

    from recipes.gan.data import load
    from recipes.gan.game import Game
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
    game = Game(networks, config)
    average = copy.deepcopy(networks.generator)
    rates = (config.optimization.lr, config.optimization.lr * config.game.discriminator_lr)
    betas = (config.optimization.beta1, config.optimization.beta2)
    drawing = torch.optim.Adam(networks.generator.parameters(), rates[0], betas=betas)
    judging = torch.optim.Adam(networks.discriminator.parameters(), rates[1], betas=betas)
    made = 0
    while True:
        for real, labels in loader:
            judging.zero_grad()
            fake = game.draw(len(real), labels)
            loss, _ = game.discriminator_loss(real, fake.detach(), labels, updates=made)
            loss.backward()
            judging.step()
            drawing.zero_grad()
            answer = game.generator_loss(fake, real, labels)
            answer.backward()
            drawing.step()
            with torch.no_grad():
                for kept, now in zip(average.parameters(), networks.generator.parameters(), strict=True):
                    kept.lerp_(now, 0.005)
            loss.item(), answer.item()
            made += 1
            if not tick():
                return 0.0
