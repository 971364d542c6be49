"""The line of runs on this machine: a card for each that waits or trains, locked by its process for as long as that lives.

A card's name says when its run came and what it holds: `<nanoseconds>-<pid>.waiting`, or `.cpu` once it has that slot.
Whoever has died has let go of its card and slot, whatever it was doing, so that nobody waits for the dead.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

from workbench.locks import lock_holder
from workbench.paths import state_folder

WAITING = "waiting"
_NAME = re.compile(r"(\d{20}-\d+)\.(.+)")


@dataclass(frozen=True)
class Card:
    """One run that waits for a slot or holds one."""

    order: str  # by which the line stands
    holds: str  # a slot; empty while it waits
    run: str  # its folder
    wants: tuple[str, ...]

    @property
    def run_id(self) -> str:
        return os.path.basename(self.run)


@dataclass(frozen=True)
class Turn:
    """Where in the line a run stands."""

    place: int  # from 1
    behind: tuple[str, ...]  # ids of the runs before it, those that train first
    wants: tuple[str, ...]

    @property
    def text(self) -> str:
        """`2nd in line for cpu, behind gan-3 and cnn-4`."""
        return f"{ordinal(self.place)} in line for {' or '.join(self.wants)}{behind(self.behind)}"


def room() -> Path:
    """Where the cards of this machine lie: of one user, whatever folder the runs are in."""
    return state_folder() / "queue" / re.sub(r"[^\w.-]", "_", platform.node() or "here")


def cards(place: Path, *, but: str = "", sweep: bool = False) -> list[Card]:
    """The cards whose processes live, in the order of the line.

    Args:
        but: the order of one's own card: a process that looked at its own lock would lose it.
        sweep: take the cards of the dead away.
    """
    found = []
    for name in _names(place):
        match = _NAME.fullmatch(name)
        if match is None or match[1] == but:
            continue
        if lock_holder(place / name) is None:
            if sweep:
                with contextlib.suppress(OSError):  # another one swept it
                    os.unlink(place / name)
            continue
        run, wants = _read(place / name)
        found.append(Card(match[1], "" if match[2] == WAITING else match[2], run, wants))
    return found


def turn(run: Path) -> Turn | None:
    """Where a waiting run stands; None where it does not wait in the line of this machine."""
    known = cards(room())
    mine = next((card for card in known if card.run == str(run) and not card.holds), None)
    if mine is None:
        return None
    before = [card for card in known if not card.holds and card.order < mine.order and set(card.wants) & set(mine.wants)]
    training = [card for card in known if card.holds in mine.wants]
    return Turn(len(before) + 1, tuple(card.run_id for card in (*training, *before)), mine.wants)


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `11th`."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def behind(runs: tuple[str, ...]) -> str:
    """`, behind gan-3 and 2 more`; empty where there is nobody."""
    if not runs:
        return ""
    others = f" and {runs[1]}" if len(runs) == 2 else f" and {len(runs) - 1} more" if len(runs) > 2 else ""
    return f", behind {runs[0]}{others}"


def _names(place: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(place))
    except OSError:
        return []


def _read(path: Path) -> tuple[str, tuple[str, ...]]:
    try:
        value = json.loads(path.read_bytes())
        return str(value["run"]), tuple(str(slot) for slot in value["wants"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", ()
