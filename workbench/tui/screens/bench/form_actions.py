"""What can be done with the settings of a form: change, reset, take over from a run, compare, save and load."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import unknown
from workbench.tui.messages import RateTaken, SettingsRead, SettingsWritten
from workbench.tui.screens.bench.run_actions import RunActions
from workbench.tui.widgets.foot import Foot, Question
from workbench.tui.widgets.model_lines import ModelLines
from workbench.tui.widgets.settings_form import SettingsForm
from workbench.units import grouped

if TYPE_CHECKING:
    from workbench.recipe import Preset, Recipe
    from workbench.schema import Value
    from workbench.tui.editing.form import Form, FormState
    from workbench.tui.messages import Listed

_FROM, _SAVE, _LOAD, _REPLACE = "settings of run", "save settings to", "load settings from", "it exists; replace it?"
_PATH_CELLS = 48


class FormActions(RunActions):
    """A screen with a form beside its list of runs; its table of keys names these actions."""

    settings: SettingsForm
    model: ModelLines
    form: Form | None = None
    _reset_from: tuple[Form, FormState] | None = None  # what the last reset of all took away
    _begun_from: Listed | None = None
    _fork_waits: tuple[str, int | None, Mapping[str, Value] | None] | None = None
    _saved_to: Path | None = None  # where the user asked to save; kept for another time

    def edit_anew(self, recipe: Recipe, preset: Preset) -> Form:
        """Show the form of a preset."""
        raise NotImplementedError

    def form_changed(self) -> None:
        """The values of the form changed, perhaps all at once."""
        raise NotImplementedError

    def action_step(self, direction: int) -> None:
        self.settings.step(direction)

    def action_type(self) -> None:
        self.settings.begin()

    def action_all(self) -> None:
        self.settings.toggle_all()

    def action_reset(self) -> None:
        self.settings.reset()

    def action_reset_all(self) -> None:
        """The preset's values; a second time, those that they took the place of, as long as nothing else was changed."""
        if (form := self.form) is None:
            return
        back = self._reset_from
        if back and back[0] is form and form.is_pristine:
            form.go_back_to(back[1])
            self._reset_from = None
            self.say("your settings again", "good")
        elif not form.is_pristine:
            self._reset_from = form, form.state()
            form.reset_all()
            self.say(f"all settings as the preset has them; {self.key_for('R')} brings yours back", "good")
        self._begun_from = None if form.origin is None else self._named(form.origin.run_id)
        self.form_changed()

    def action_take(self) -> None:
        """Begin with the settings of the run under the cursor or, elsewhere, of one that is named."""
        if run := self.run_here:
            self._begin_from(run)
        elif self.runs.all:
            known = [run for run in self.runs.all if self.form is None or run.entry.recipe == self.form.recipe.name]
            self.foot.ask(Question(_FROM, (known or self.runs.all)[0].id, self._no_run))
        else:
            self.say("there is no run yet to take settings from")

    def action_fork(self) -> None:
        """Go on from the newest checkpoint of the run under the cursor, as a run of its own."""
        if run := self.run_here:
            self.begin_fork(run.id)

    def action_compare(self) -> None:
        """What differs from the preset and from the run that the form began with, or the last one of its recipe."""
        if self.form:
            run = self.compared_with
            self.bench.open_differences(self.form, {run.id: run.in_force} if run else {})

    def action_write(self) -> None:
        form = self.form
        if form is None or form.mistakes:
            self.say(f"mend {', '.join(form.mistakes)} first" if form else "there is nothing to save yet")
            return
        path = self._saved_to or Path(f"{form.recipe.name}-{form.preset.name}.toml")
        self.foot.ask(Question(_SAVE, str(path), lambda text: "" if text else "a file name", _PATH_CELLS))

    def action_load(self) -> None:
        self.foot.ask(Question(_LOAD, str(self._saved_to or ""), lambda text: "" if text else "a TOML file", _PATH_CELLS))

    def action_model(self) -> None:
        if self.form and not self.form.mistakes:
            self.bench.open_model_of(self.form, self.model.shown_layers, self.model.parameters)

    def action_find_rate(self) -> None:
        if self.form and not self.form.mistakes:
            self.bench.open_finding(self.form)

    def on_rate_taken(self, message: RateTaken) -> None:
        """A learning rate was found and taken over."""
        if self.form:
            self.form.type("lr", f"{message.rate:g}")
            self.form_changed()
            self.say(f"lr is {message.rate:g} now", "good")

    def action_batch(self) -> None:
        if self.form and not self.form.mistakes:
            self.bench.open_batch(self.form)

    def action_notes(self) -> None:
        if self.form:
            self.bench.open_notes(self.form.recipe)

    @property
    def compared_with(self) -> Listed | None:
        """The run that the form began with, else the newest one of its recipe."""
        if self.form is None:
            return None
        if self.form.origin and self._begun_from:
            return self._begun_from
        return next((run for run in self.runs.all or () if run.entry.recipe == self.form.recipe.name), None)

    def took_settings(self, message: Foot.Done) -> bool:
        """Whether a line that was typed was an answer about the settings; it is acted on then."""
        text = message.text
        if message.label not in (_FROM, _SAVE, _LOAD, _REPLACE):
            return False
        self.set_focus(self.settings)
        if text is None or self.form is None:
            return True
        if message.label == _FROM:
            if run := self._named(text):
                self._begin_from(run)
        elif message.label == _LOAD:
            self.bench.read_settings(Path(text).expanduser(), self.form)
        elif message.label == _SAVE:
            self._saved_to = Path(text)
            self.bench.write_settings(self._saved_to.expanduser(), self.form)
        elif text.lower() in ("y", "yes") and self._saved_to:
            self.bench.write_settings(self._saved_to.expanduser(), self.form, replace=True)
        return True

    def on_settings_written(self, message: SettingsWritten) -> None:
        if message.done:
            assert self.form is not None
            words = ["workbench", "train", self.form.recipe.path or self.form.recipe.name, "--config", str(self._saved_to)]
            self.say(f"saved: {shlex.join(words)}", "good")
        else:
            self.foot.ask(Question(_REPLACE, "no", lambda text: "" if text.lower() in ("y", "yes", "n", "no") else "yes or no"))

    def on_settings_read(self, message: SettingsRead) -> None:
        form = self.edit_anew(message.recipe, message.preset)
        form.take(message.values)
        self.form_changed()
        self.say(f"the settings of {message.path}; {self.key_for('s')} starts a run with them", "good")

    def begin_fork(self, run_id: str, step: int | None = None, settings: Mapping[str, Value] | None = None) -> None:
        """Fill the form for a fork of a run, at its newest checkpoint or one with these settings; once runs are read."""
        run = self._named(run_id)
        self._fork_waits = None if run else (run_id, step, settings)
        if run:
            self._begin_from(run, is_fork=True, step=step, settings=run.in_force if settings is None else settings)
            self.set_focus(self.settings)

    def go_on_with_fork(self) -> None:
        """Fill the form for the fork that waited for the runs to be read."""
        if self._fork_waits:
            self.begin_fork(*self._fork_waits)

    def _begin_from(
        self, run: Listed, *, is_fork: bool = False, step: int | None = None, settings: Mapping[str, Value] | None = None
    ) -> None:
        from workbench.tui.editing.form import Origin

        recipe = self.bench.recipes.get(run.entry.recipe)
        if recipe is None:
            self.say(f"its recipe {run.entry.recipe} was not found")
            return
        form = self.edit_anew(recipe, next((preset for preset in recipe.presets if preset.name == run.preset), recipe.presets[0]))
        left_out = form.begin_from(Origin(run.id, run.preset, is_fork, step), settings if settings is not None else run.asked)
        self._begun_from = run
        self.form_changed()
        if left_out:
            self.say(f"the settings of {run.id}, without {', '.join(left_out)}: {recipe.name} does not have them now, or not so")
        elif is_fork:
            where = "its newest checkpoint" if step is None else f"step {grouped(step)}"
            self.say(f"change what shall differ; {self.key_for('s')} goes on from {where} of {run.id} with it, as a run of its own", "good")
        else:
            self.say(f"the settings of {run.id}; {self.key_for('s')} starts another run with them", "good")

    def _named(self, text: str) -> Listed | None:
        """A run by id, name, `last` or `last~1`, as commands take it."""
        runs = self.runs.all or ()
        if text == "last" or (text.startswith("last~") and text[5:].isdigit()):
            back = int(text[5:] or 0)
            return runs[back] if back < len(runs) else None
        return next((run for run in runs if text in (run.id, run.labels.name)), None)

    def _no_run(self, text: str) -> str:
        """Why a text names no run; empty where it does."""
        return "" if self._named(text) else unknown("run", text, [run.id for run in self.runs.all or ()]).message
