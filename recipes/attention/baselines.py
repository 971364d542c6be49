"""What counting alone writes, to see what a network adds."""

from __future__ import annotations

from collections import Counter

from workbench.data.language.pairs import PairSplit
from workbench.training.scoring.editing import Errors, count_errors


def token_by_token(train: PairSplit, test: PairSplit) -> Errors:
    """Each source token becomes the target token that most often stands at its place, in pairs of equally long sides."""
    counts: dict[str, Counter[str]] = {}
    for pair in train.pairs:
        source, target = train.sources.split(pair.source), train.targets.split(pair.targets[0])
        if len(source) == len(target):
            for one, other in zip(source, target, strict=True):
                counts.setdefault(one, Counter())[other] += 1
    likeliest = {token: counter.most_common(1)[0][0] for token, counter in counts.items()}
    written = [[likeliest[token] for token in test.sources.split(pair.source) if token in likeliest] for pair in test.pairs]
    return count_errors(written, _references(test))


def commonest_target(train: PairSplit, test: PairSplit) -> Errors:
    """Always the target that most training pairs have."""
    target = Counter(pair.targets[0] for pair in train.pairs).most_common(1)[0][0]
    return count_errors([train.targets.split(target)] * len(test.pairs), _references(test))


def _references(split: PairSplit) -> list[list[list[str]]]:
    return [[list(split.targets.split(target)) for target in pair.targets] for pair in split.pairs]
