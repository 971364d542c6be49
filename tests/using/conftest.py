from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.using.runs import trained
from workbench.runs.folder import RunFolder


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], RunFolder]:
    """A run of a kind, trained once for all tests."""
    root: Path = tmp_path_factory.mktemp("used")
    kept: dict[str, RunFolder] = {}

    def of(kind: str) -> RunFolder:
        if kind not in kept:
            kept[kind] = trained(root, kind)
        return kept[kind]

    return of
