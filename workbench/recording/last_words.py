"""How a script's run ended, where its log has no room for it: written over room that was taken while there was some."""

from __future__ import annotations

import contextlib
import json
import os
import time

from workbench.runs.folder import RunFolder

_BYTES = 4096
_LONGEST = 1000  # characters of a reason; each takes up to 3 bytes
_ATTEMPT = 1  # a script's run has no other


class LastWords:
    """Room for an exit file, which readers believe where the log has no end."""

    def __init__(self, folder: RunFolder) -> None:
        self._draft, self._file = folder.exit_draft(_ATTEMPT), folder.exit_file(_ATTEMPT)
        with contextlib.suppress(OSError), open(os.open(self._draft, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(b" " * _BYTES)

    def say(self, state: str, reason: str, exit_code: int) -> None:
        """Write the end over the draft: on a full disk there is room for nothing new."""
        words = {"attempt": _ATTEMPT, "code": exit_code, "state": state, "reason": reason[:_LONGEST], "ended_at": time.time()}
        with contextlib.suppress(OSError):
            descriptor = os.open(self._draft, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, json.dumps(words, ensure_ascii=False).encode("utf-8", "replace")[:_BYTES].ljust(_BYTES))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.rename(self._draft, self._file)

    def unneeded(self) -> None:
        """Give the room back: the log has the end."""
        with contextlib.suppress(OSError):
            self._draft.unlink()
