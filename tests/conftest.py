"""What every test may count on, wherever the suite is started from."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Undo what a background job or nohup passes on: ignored signals, which children would inherit."""
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL), (signal.SIGTERM, signal.SIG_DFL)):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, usual)
