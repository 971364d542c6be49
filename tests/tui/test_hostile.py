"""Text that attacks a terminal, on every screen; `python -m tests.benchmarks.hostile` looks at the bytes of a real one."""

from __future__ import annotations

from pathlib import Path

from textual.events import Paste

from tests.hostile import CORPUS, foreign, hostile_run
from tests.tui.runs import interface, shown, shows
from workbench.tui.screens.bench.screen import Bench


async def test_no_screen_shows_what_a_terminal_would_act_on(tmp_path: Path) -> None:
    for place, evil in enumerate(CORPUS):
        hostile_run(tmp_path, evil, f"cnn-{place + 1}")
    app = interface(tmp_path, ascii_only=False)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(app, f"RUNS {len(CORPUS)}")
        await shows(app, "[bold red]markup[/]")
        assert foreign(shown(app)) == set()
        for place in range(len(CORPUS)):
            app.open_run(f"cnn-{place + 1}")
            await shows(app, "FAILED")
            seen = shown(app)
            for keys in (["enter", "right"], ["escape", "v"], ["l"], ["escape", "h"], ["escape", "m"], ["escape", "escape"]):
                await pilot.press(*keys)
                seen += shown(app)
            assert foreign(seen) == set(), CORPUS[place]
            assert isinstance(app.screen, Bench)
        await pilot.press("tab", "tab", "n", *"abc")
        app.screen.query_one("#foot").post_message(Paste(CORPUS[0] + CORPUS[5]))
        await shows(app, "abc")
        assert foreign(shown(app)) == set()
