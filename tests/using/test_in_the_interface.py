"""The Playground's panels over models that were really trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.runs import FakeLauncher, interface, shows
from workbench.tui.messages import Answered
from workbench.using.answering import answer


class Real(FakeLauncher):
    """Answers with the trained models, in this process."""

    def ask(self, kind, about):
        if kind == "use":
            self.post(Answered(kind, about, answer(dict(about))))
        else:
            super().ask(kind, about)


@pytest.mark.parametrize(
    ("kind", "keys", "text"),
    [
        ("images", ["backspace", "space", "down", "down"], "centred"),
        ("image-rows", ["v"], "a held-out image"),
        ("image-tokens", ["backspace", "space"], "where it looked"),
        ("pairs", ["enter", *"1 May 1999", "enter"], "1 May 1999 -> "),
        ("text", ["right"], "temperature 0.8"),
        ("text-tokens", [], "behind the prompt"),
        ("adding", ["v"], "among 8"),
        ("classes", ["right", "down"], "class 1"),
        ("drawings", ["v"], "pair 1"),
    ],
)
async def test_each_kind_is_used(run, kind, keys, text):
    folder = run(kind)
    root = Path(folder.path).parent
    app = interface(root, run_id=folder.id)
    launcher = Real(root)
    launcher.post = app.post_message
    app.launcher = launcher
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "U use")
        await pilot.press("U")
        await shows(app, "the best weights, of step 2")
        await pilot.press(*keys)
        await shows(app, text)
