"""Signals that end a run behind a step."""

from __future__ import annotations

import signal
from typing import Any

from workbench.worker import torchrun

_FOLLOW_SECONDS = 30  # that a process which follows waits for the end of the step behind a signal, before it is ended


class Signals:
    """TERM and INT set a flag that the next step boundary acts on: work inside a signal handler can hang."""

    def __init__(self) -> None:
        self.name = ""
        self._requests: Any = None

    def listen(self) -> None:
        """Take the signals of this process from now on; a process that only follows leaves when the one that leads does."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def tell(self, requests: Any) -> None:
        """Pass signals on to the run's requests, also one that came before there were any."""
        self._requests = requests
        requests.signalled = self.name

    def _note(self, number: int, _: object) -> None:
        self.name = signal.Signals(number).name
        if torchrun.rank() > 0:
            signal.alarm(_FOLLOW_SECONDS)
        if self._requests is not None:
            self._requests.signalled = self.name
