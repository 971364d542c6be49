"""Which screen opens behind which key: the app's doors, so that no screen needs to know another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual.binding import Binding

from workbench.tui.keyed import Keyed
from workbench.tui.theme import Look

if TYPE_CHECKING:
    from workbench.recipe import Recipe
    from workbench.schema import Value
    from workbench.tui.editing.form import Form
    from workbench.tui.launching import Launcher


class Doors(Keyed):
    """Opens screens. A screen is imported when it is opened: the first paint waits for none but its own."""

    look: Look
    watched = ""  # the run that was started or watched last, for the list of runs to put its cursor on
    launcher: Launcher

    def about(self, form: Form) -> dict[str, Any]:
        """What the helper needs to know to answer about a form's model."""
        return {"recipe": form.recipe.path or form.recipe.name, "settings": dict(form.values)}

    def ask_about(self, form: Form, *questions: str) -> None:
        """Ask the helper about a form's model or data; `Answered` tells."""
        for question in questions:
            self.launcher.ask(question, self.about(form))

    def open_run(self, run_id: str) -> None:
        from workbench.tui.screens.run.screen import RunScreen

        self.watched = run_id
        self.push_screen(RunScreen(run_id))

    def open_zoom(self, run_id: str, name: str, step: int | None = None, find: str = "") -> None:
        """One chart or preview on the whole screen, a preview as it was at a step; of a chart only the lines that are looked for."""
        from workbench.tui.screens.run.zoom import Zoom

        self.push_screen(Zoom(run_id, name, step, find))

    def open_comparison(self, ids: Sequence[str]) -> None:
        """Several runs beside each other."""
        from workbench.tui.screens.compare import Compare

        self.push_screen(Compare(ids))

    def open_sweeps(self, form: Form | None) -> None:
        """All sweeps, and the runs of one; the recipe of a form is what another one would vary."""
        from workbench.tui.screens.sweeps import Sweeps

        self.push_screen(Sweeps(form.recipe.path or f"{form.recipe.name}:{form.preset.name}" if form else "cnn"))

    def open_playground(self, run_id: str) -> None:
        """Use what a run has learnt."""
        from workbench.tui.screens.playground.screen import Playground

        self.push_screen(Playground(run_id))

    def open_log(self, run_id: str) -> None:
        from workbench.tui.screens.pages.log import LogPage

        self.push_screen(LogPage(run_id))

    def open_batch(self, form: Form) -> None:
        from workbench.tui.screens.batch import Batch

        self.ask_about(form, "batch", "contents")
        self.push_screen(Batch(f"BATCH {form.recipe.name}/{form.preset.name}", self.about(form)))

    def open_model_of(self, form: Form, layers: Iterable[Mapping[str, Any]], parameters: int | None) -> None:
        """The layers as far as they are known, and what they cost as soon as it was counted."""
        from workbench.tui.screens.pages.model import ModelPage

        self.ask_about(form, "cost")
        self.push_screen(ModelPage(list(layers), parameters, self.look, self.about(form)))

    def open_finding(self, form: Form) -> None:
        """Look for a learning rate for a form."""
        from workbench.tui.screens.finding import Finding

        self.push_screen(Finding(form))

    def open_model(self, layers: Iterable[Mapping[str, Any]], parameters: int | None) -> None:
        from workbench.tui.screens.pages.model import of_model

        self.push_screen(of_model(list(layers), parameters, self.look))

    def open_health(self, lines: Sequence[tuple[str, str]]) -> None:
        from workbench.tui.screens.pages.health import of_health

        self.push_screen(of_health(lines, self.look))

    def open_differences(self, form: Form, others: Mapping[str, Mapping[str, Value]]) -> None:
        from workbench.tui.editing.form import compared
        from workbench.tui.screens.pages.differences import of_differences

        self.push_screen(of_differences(compared(form, others), self.look))

    def open_notes(self, recipe: Recipe) -> None:
        from workbench.tui.screens.pages.notes import of_notes

        self.push_screen(of_notes(recipe, self.look))

    def open_help(self, keys: Iterable[Binding]) -> None:
        """The keys of a screen and of the app, from their own tables."""
        from workbench.tui.screens.pages.keys import of_keys

        self.push_screen(of_keys([*keys, *self.keys_of(self.BINDINGS)], self.look))
