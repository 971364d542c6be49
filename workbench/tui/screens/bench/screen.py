"""Bench, the home screen: choose a recipe, change its settings, start it; below, the runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from workbench.paths import short
from workbench.tui.messages import Answered, Begun, Checked, RecipesFound, Refused, RunsChanged, Wish
from workbench.tui.screens.base import typing_keys
from workbench.tui.screens.bench import find
from workbench.tui.screens.bench.form_actions import FormActions
from workbench.tui.screens.bench.forms import Forms
from workbench.tui.screens.bench.keys import KEYS, does_something, in_bar
from workbench.tui.screens.bench.measuring import Measuring
from workbench.tui.screens.bench.starting import Starting
from workbench.tui.widgets.foot import Foot
from workbench.tui.widgets.frame import CommandLine, Divider, Header
from workbench.tui.widgets.model_lines import ModelLines
from workbench.tui.widgets.pane import Pane
from workbench.tui.widgets.recipe_tree import RecipeTree
from workbench.tui.widgets.run_list import RunList
from workbench.tui.widgets.settings_form import SettingsForm

if TYPE_CHECKING:
    from workbench.recipe import Preset, Recipe
    from workbench.schema import Setting
    from workbench.tui.editing.form import Form

_ROOMY = 24  # rows from which all that is said about a setting has room
_FOOT_ROWS = 3  # beside the list of runs, as the stylesheet has it
_MEASURE_SECONDS = 0.25  # after the last change; a value that is stepped through is not measured at each rung


class Bench(FormActions):
    """The panes are plain widgets; what belongs together is brought together here."""

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]
    _greeted = False
    _is_in_form = False  # the settings have the keys, or what is typed at the foot is about them

    def compose(self) -> ComposeResult:
        look, keys = self.bench.look, {key: self.key_for(key) for key in ("s", "tab", "i", "question_mark")}
        self.recipes, self.settings, self.runs = RecipeTree(look), SettingsForm(look), RunList(look, keys=keys)
        self._found_in: Pane = self.recipes
        self.model, self.command, self.foot = ModelLines(look), CommandLine(look), Foot(look)
        self._forms, self._starting = Forms(), Starting(self)
        self._measuring = Measuring(self.model, partial(self.bench.measure, after=_MEASURE_SECONDS))
        yield self.too_small()
        with Vertical(id="all"):
            yield Header(look, "Bench", short(self.bench.root))
            with Horizontal(id="middle"):
                yield self.recipes
                yield Divider(look)
                with Vertical(id="right"):
                    yield self.settings
                    yield Divider(look)
                    yield self.model
            yield self.command
            yield self.runs
            yield self.foot
            yield self.key_bar()

    def on_mount(self) -> None:
        self.set_focus(self.recipes)

    def on_screen_resume(self) -> None:
        self.bench.warm()
        self._starting.forget_check()
        self._go_to_watched()
        if self.form:
            self._measuring.ask_again(self.form)

    def wish(self) -> Wish:
        return Wish(runs=True)

    def fit_to(self, columns: int, rows: int) -> None:
        self.remove_class("-folded")  # until it is known again what the list has room for
        self.on_descendant_focus()

    # What arrives

    def on_recipes_found(self, message: RecipesFound) -> None:
        self.recipes.offer(message.recipes, str(message.problem or ""), message.broken)
        if message.broken:
            from workbench.finding import in_short  # brings pydantic: not before the first paint

            self.say(in_short(message.broken), "error")

    def on_runs_changed(self, message: RunsChanged) -> None:
        self.runs.offer(message.runs)
        self.go_on_with_fork()
        self.hear_of_stops(message.runs)
        self._go_to_watched()
        if not self._greeted:
            self._greeted = True
            living = [run for run in message.runs if run.is_live]
            live = next((run for run in living if run.entry.state != "queued"), living[0] if living else None)
            if live:
                self.runs.go_to(live.id)
            if live and not self.was_used:  # else the next key would land in another pane than it was meant for
                self.set_focus(self.runs)
        self._tell()

    def on_begun(self, message: Begun) -> None:
        self.bench.watched = message.run_id
        self._starting.hear_of_begun(message.run_id)

    def on_checked(self, message: Checked) -> None:
        if self._starting.took_check(message):
            self._tell()

    def on_answered(self, message: Answered) -> None:
        self._measuring.hear(message, self.form)
        if message.question == "device":
            self.query_one(Header).tell(str(message.answer.get("description") or message.answer.get("device")))
            self._starting.devices = tuple(message.answer.get("available") or ())
            self._tell()

    def on_refused(self, message: Refused) -> None:
        if not self._measuring.took_refusal(message) and message.what not in ("batch", "device"):
            self.say(f"{message.error.message}   {message.error.hint}", "error")

    def on_pane_moved(self, message: Pane.Moved) -> None:
        if message.pane is self.recipes and self.recipes.chosen:
            self._edit(*self.recipes.chosen)
        self._tell()

    def on_settings_form_changed(self) -> None:
        self._measure()
        self._tell()

    def on_descendant_focus(self) -> None:
        if self.focused is not self.foot:  # what is typed there is about the pane that had the keys, which keeps its room
            self.set_class(self.has_class("-narrow") and self.focused is self.recipes, "-recipes")
            self._is_in_form = self.focused is self.settings
            self.set_class(self._is_in_form and self.app.size.height >= _ROOMY, "-settings")
            self.set_class(self.focused is self.runs, "-runs")
            if self.focused is not self.runs:
                self.remove_class("-folded")
        self._tell()

    def on_foot_typed(self, message: Foot.Typed) -> None:
        if find.asks(self.foot.label):
            self._found_in.find(message.text, typing=True)

    def on_foot_done(self, message: Foot.Done) -> None:
        if self.took_label(message) or self.took_settings(message):
            return
        if message.text != "":  # None takes the find back; `Typed` may come too late to be told from another question's
            self._found_in.find(message.text or "")
        self.set_focus(self._found_in)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return does_something(action, self)

    def bar_keys(self) -> list[Binding]:
        """What the key bar shows: a line to type into has keys of its own."""
        return typing_keys("take") if self.settings.editor else in_bar(super().bar_keys(), self)

    def action_start(self) -> None:
        self._starting.start()

    def action_queue(self) -> None:
        self._starting.queue()

    def action_choose(self) -> None:
        self.set_focus(self.settings)

    def action_move(self, by: int) -> None:
        self.pane.move(by)

    def action_page(self, by: int) -> None:
        self.pane.turn(by)

    def action_pane(self, by: int) -> None:
        panes = (self.recipes, self.settings, self.runs)
        self.set_focus(panes[(panes.index(self.pane) + by) % len(panes)])  # at once: the next key may be waiting

    def form_changed(self) -> None:
        self.settings.redraw()
        self._measure()
        self._tell()

    def action_sweeps(self) -> None:
        self.bench.open_sweeps(self.form)

    def action_find(self) -> None:
        self._found_in = self.pane
        self.foot.ask(find.question(self.pane))

    def action_clear(self) -> None:
        self.runs.unmark()
        self.pane.find("")

    # What belongs together

    @property
    def pane(self) -> Pane:
        """The pane that has the cursor."""
        return self.focused if isinstance(self.focused, Pane) else self.recipes

    def _edit(self, recipe: Recipe, preset: Preset) -> None:
        """Show the form of a preset, as it was left."""
        if self.form is None or (self.form.recipe, self.form.preset) != (recipe, preset):
            known = self._forms.known(recipe, preset)
            if known:
                self._show_form(known)
            else:
                self.edit_anew(recipe, preset)
            self._measure()
            self._starting.catch_up()

    def edit_anew(self, recipe: Recipe, preset: Preset) -> Form:
        form = self._forms.anew(recipe, preset)
        self._show_form(form)
        return form

    def _show_form(self, form: Form) -> None:
        if self.form is None or (self.form.recipe, self.form.preset) != (form.recipe, form.preset):
            self.model.clear()
        self.form = form
        self.settings.edit(form)
        self.recipes.choose(form.recipe, form.preset)

    def _go_to_watched(self) -> None:
        """Put the cursor on the run that was started or watched last, as soon as the list has it."""
        if self.bench.watched and self.runs.go_to(self.bench.watched):
            self.bench.watched = ""

    def _fold(self) -> None:
        """Let the list of runs have the room of the form while it has the keys and more runs than rows."""
        gains = max(0, self.foot.size.height - _FOOT_ROWS)  # of the foot, which is as high yet as the form wanted it
        rows = self.runs.body_height(self.runs.size.height + gains)
        if self.focused is self.runs and rows > 0 and self.runs.count > rows:
            self.add_class("-folded")

    def _measure(self) -> None:
        assert self.form is not None
        self._measuring.measure(self.form)

    def _tell(self) -> None:
        """Bring the command, the hints and the keys up to date with panes and form."""
        self.show_keys()
        self._fold()
        self.recipes.mark(self._forms.touched)
        if self.form:
            self._starting.check(self.form)
            from workbench.tui.screens.bench.hints import Standing, hints  # pydantic comes with it: not before the first paint

            self.command.tell(self.form.command_line())
            setting: Setting | None = self.settings.at_cursor if self._is_in_form else None
            about = Standing(self.run_here, self.compared_with, self.runs.all or (), self._starting.lack)
            said = hints(self.form, setting, about, self.bench.look.marks, self.size.width, self.key_for)
            self.foot.show(said, spare=1 if setting else 0)
