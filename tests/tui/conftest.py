"""What the tests of the interface share."""

from __future__ import annotations

import pytest
from textual._context import active_app
from textual.pilot import Pilot


@pytest.fixture(autouse=True)
def _quick_pilot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind each key Textual's pilot waits, twice, up to a second for the process to use no CPU.

    One with a polling thread always uses some, so all of that time is lost. Here every widget handles what it was sent
    before the key, and then what came of that.
    """

    async def settle(*_: float) -> None:
        pilot: Pilot[None] = Pilot(active_app.get())
        for _ in range(2):
            await pilot._wait_for_screen()

    monkeypatch.setattr("textual.app.wait_for_idle", settle)
    monkeypatch.setattr("textual.pilot.wait_for_idle", settle)
