"""A run's own place in the line: its card and, once it is its turn, the lock of its slot. Both last as long as its process.

POSIX locks survive `exec`, and are dropped when their process closes any descriptor of the file: nothing here closes one
that is held, and nobody looks at his own card.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

from workbench.queue.line import WAITING, cards


class Place:
    """One run's place.

    Runs that train hold their slot shared, so that one started with `--now` can share it; who waits takes it alone, which
    succeeds only where nobody holds it, and shares it from then on.

    Raises:
        OSError: the card cannot be written.
    """

    def __init__(self, room: Path, run: Path, wants: Sequence[str]) -> None:
        room.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._room, self.wants = room, tuple(wants)
        self.order = f"{time.time_ns():020}-{os.getpid()}"
        draft = room / f".{self.order}"
        self._card = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(self._card, json.dumps({"run": str(run), "wants": list(wants)}).encode())
            fcntl.lockf(self._card, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._path = room / f"{self.order}.{WAITING}"
            os.rename(draft, self._path)  # seen by others only once it is locked
        except OSError:
            os.close(self._card)
            with contextlib.suppress(OSError):
                os.unlink(draft)
            raise
        self._slot: int | None = None

    def take(self) -> str:
        """A free slot that nobody who came before waits for; empty while there is none."""
        before = [card for card in cards(self._room, but=self.order, sweep=True) if not card.holds and card.order < self.order]
        promised = {slot for card in before for slot in card.wants}
        return next((slot for slot in self.wants if slot not in promised and self._hold(slot)), "")

    def join(self) -> str:
        """A slot at once: a free one, else beside whoever holds the first one."""
        free = next((slot for slot in self.wants if self._hold(slot)), "")
        if not free:
            self._hold(self.wants[0], beside=True)
        return free

    def before(self) -> tuple[str, ...]:
        """The runs that this one waits for: those that train in its slots, then those before it in the line."""
        known = cards(self._room, but=self.order)
        training = [card.run_id for card in known if card.holds in self.wants]
        ahead = [card for card in known if not card.holds and card.order < self.order and set(card.wants) & set(self.wants)]
        return (*training, *(card.run_id for card in ahead))

    def keep_over_exec(self) -> None:
        """Let the program that takes this process over have the card and the slot."""
        for descriptor in (self._card, self._slot):
            if descriptor is not None:
                os.set_inheritable(descriptor, True)

    def _hold(self, slot: str, *, beside: bool = False) -> bool:
        descriptor = os.open(self._room / f"slot-{slot}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not beside:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.lockf(descriptor, fcntl.LOCK_SH | (0 if beside else fcntl.LOCK_NB))  # held alone for an instant at most
        except OSError:
            os.close(descriptor)
            return False
        self._slot = descriptor
        with contextlib.suppress(OSError):  # on a full disk it is still known by its lock
            holding = self._room / f"{self.order}.{slot}"
            os.rename(self._path, holding)
            self._path = holding
        return True
