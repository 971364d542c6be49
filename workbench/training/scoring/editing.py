"""How far what was written is from what should have been: edit distance, and the error rates that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


def edit_distance(one: Sequence[str], other: Sequence[str]) -> int:
    """The fewest insertions, deletions and substitutions that turn one sequence into the other.

    Levenshtein 1966; by rows as Wagner and Fischer 1974 (J. ACM 21(1)), in time proportional to the product of the lengths.
    """
    above = list(range(len(other) + 1))
    for count, token in enumerate(one, start=1):
        row = [count]
        for place, wanted in enumerate(other):
            row.append(min(above[place] + (token != wanted), above[place + 1] + 1, row[place] + 1))
        above = row
    return above[-1]


def closest(written: Sequence[str], references: Iterable[Sequence[str]]) -> tuple[int, int]:
    """Edit distance to the reference that is closest by its length, and that length."""
    distances = ((edit_distance(written, reference), len(reference)) for reference in references)
    return min(distances, key=lambda found: found[0] / max(1, found[1]))


@dataclass(frozen=True)
class Errors:
    """What went wrong over a set of examples."""

    edits: int
    tokens: int  # of the closest references
    wrong: int  # examples that equal none of their references
    examples: int

    @property
    def token_error_rate(self) -> float:
        """Edits by tokens of the references: of phones, the phone error rate. It may exceed 1."""
        return self.edits / max(1, self.tokens)

    @property
    def sequence_error_rate(self) -> float:
        """The share of examples that are not exactly right: of pronunciations, the word error rate."""
        return self.wrong / max(1, self.examples)


def count_errors(written: Sequence[Sequence[str]], references: Sequence[Sequence[Sequence[str]]]) -> Errors:
    """Errors of each sequence against the closest of its references; any of them is right."""
    found = [closest(each, accepted) for each, accepted in zip(written, references, strict=True)]
    return Errors(sum(edits for edits, _ in found), sum(length for _, length in found), sum(edits > 0 for edits, _ in found), len(found))
