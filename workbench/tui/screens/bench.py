"""Bench, the home screen: choose a recipe, change its settings, start it; below, the runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from workbench.errors import WorkbenchError
from workbench.paths import short
from workbench.tui.messages import Answered, Begun, Checked, RateTaken, RecipesFound, Refused, RunsChanged, Wish
from workbench.tui.screens.base import FAR, typing_keys
from workbench.tui.screens.form_actions import FormActions
from workbench.tui.widgets.foot import Foot, Question
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
    from workbench.tui.editing.readiness import Lack

_MEASURE_SECONDS = 0.25  # after the last change; a value that is stepped through is not measured at each rung
_PAGE = 10
_LATER = ("bench.start", "bench.queue", "bench.up")  # in the key bar, while the list of runs has the keys
_FIND = "find"
_WHOLE_ROW = 1000  # cells


class Bench(FormActions):
    """The panes are plain widgets; what belongs together is brought together here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "start", id="bench.start", tooltip="start a run with these settings and watch it"),
        Binding("Q", "queue", "queue", id="bench.queue", tooltip="start it once the device is free, behind those that wait"),
        Binding("up", "move(-1)", "move", key_display="arrows", id="bench.up", tooltip="move; left and right change a setting"),
        Binding("down", "move(1)", "move down", show=False, id="bench.down", tooltip="move down"),
        Binding("left", "step(-1)", "smaller", show=False, id="bench.smaller", tooltip="the next smaller value, or the choice before"),
        Binding("right", "step(1)", "larger", show=False, id="bench.larger", tooltip="the next larger value, or the choice after"),
        Binding("pageup", f"move(-{_PAGE})", "page up", show=False, id="bench.pageup", tooltip="ten lines up"),
        Binding("pagedown", f"move({_PAGE})", "page down", show=False, id="bench.pagedown", tooltip="ten lines down"),
        Binding("home", f"move(-{FAR})", "first line", show=False, id="bench.home", tooltip="the first line"),
        Binding("end", f"move({FAR})", "last line", show=False, id="bench.end", tooltip="the last line"),
        Binding("enter", "choose", "settings", id="bench.choose", tooltip="on to the settings of the recipe under the cursor"),
        Binding("enter", "open", "watch", id="bench.open", tooltip="watch the run under the cursor"),
        Binding("enter", "type", "type", id="bench.type", tooltip="type a value; a digit begins at once"),
        Binding("a", "all", "all", id="bench.all", tooltip="all settings in groups, or the basic ones"),
        Binding("backspace", "reset", "reset", key_display="bksp", id="bench.reset", tooltip="the preset's value again"),
        Binding("p", "pause", "pause", id="bench.pause", tooltip="pause the run under the cursor, or all marked"),
        Binding("p", "go_on", "go on", id="bench.go_on", tooltip="let the paused run under the cursor go on, or all marked"),
        Binding("x", "stop", "stop", id="bench.stop", tooltip="stop the run under the cursor, or all marked: it saves and ends"),
        Binding("r", "resume", "resume", id="bench.resume", tooltip="another attempt at the ended run under the cursor"),
        Binding("w", "save", "save", id="bench.save", tooltip="write a checkpoint of the run under the cursor, or of all marked, now"),
        Binding("d", "delete", "delete", id="bench.delete", tooltip="move the ended run under the cursor, or all marked, to the trash"),
        Binding("space", "mark", "mark", id="bench.mark", tooltip="mark the run under the cursor: keys are about all marked runs then"),
        Binding("tab", "pane(1)", "pane", id="bench.pane", tooltip="the next pane: recipes, settings, runs"),
        Binding("shift+tab", "pane(-1)", "pane before", show=False, id="bench.pane_before", tooltip="the pane before"),
        Binding("slash", "find", "find", id="bench.find", tooltip="find in the pane that has the cursor"),
        Binding("C", "beside", "compare", id="bench.beside", tooltip="compare the marked runs, or those that were found"),
        Binding("i", "notes", "notes", id="bench.notes", tooltip="what the recipe is, its equations, what to watch"),
        Binding("n", "label", "name", id="bench.label", tooltip="name a run; tab: its tags, its note; tag all marked"),
        Binding("U", "use", "use", id="bench.use", tooltip="use what the run under the cursor has learnt: draw, type, walk"),
        Binding("b", "batch", "batch", id="bench.batch", tooltip="a batch as the model sees it"),
        Binding("m", "model", "model", id="bench.model", tooltip="the layers with shapes and parameters"),
        Binding("D", "compare", "differences", show=False, id="bench.compare", tooltip="what differs from the preset and another run"),
        Binding("W", "write", "write", show=False, id="bench.write", tooltip="write the settings to a TOML file, for train --config"),
        Binding("L", "load", "load", show=False, id="bench.load", tooltip="load settings from a TOML file"),
        Binding("u", "restore", "undo", show=False, id="bench.restore", tooltip="bring back what was deleted last"),
        Binding("P", "pin", "pin", show=False, id="bench.pin", tooltip="pin the run under the cursor, or all marked, to the top"),
        Binding("S", "sweeps", "sweeps", show=False, id="bench.sweeps", tooltip="the sweeps: how far each is, its best run; stop, resume"),
        Binding("o", "order", "order", show=False, id="bench.order", tooltip="the next order of runs: age, best, name, state, step, time"),
        Binding("f", "take", "from", show=False, id="bench.take", tooltip="begin with the settings of another run"),
        Binding(
            "T", "find_rate", "find lr", show=False, id="bench.find_rate", tooltip="look for a learning rate: a short test of rising rates"
        ),
        Binding("F", "fork", "fork", show=False, id="bench.fork", tooltip="go on from a run's newest checkpoint, as a run of its own"),
        Binding("R", "reset_all", "reset all", show=False, id="bench.reset_all", tooltip="all settings as the preset has them; then back"),
        Binding("escape", "clear", "all lines", show=False, id="bench.clear", tooltip="all lines again after a find, no run marked"),
        Binding("question_mark", "help", "help", id="bench.help", tooltip="all keys of this screen"),
        Binding("q", "leave", "leave", id="bench.leave", tooltip="leave; runs go on training"),
    ]
    _greeted = False
    _queued = False  # whether the next run that begins was put in the queue here
    _measured: object = None  # what model and data that were asked for depend on
    _asked: tuple[object, ...] = ()  # which data were looked for
    _lack_of_data: Lack | None = None
    _devices: tuple[str, ...] = ()  # of this machine, once they are known
    _start_asked = False  # before there was anything to start

    def compose(self) -> ComposeResult:
        look, keys = self.bench.look, {key: self.key_for(key) for key in ("s", "tab", "i", "question_mark")}
        self._unanswered: set[str] = set()  # questions about model and data
        self._forms: dict[tuple[str, str, str], Form] = {}  # of each preset that was looked at, with what was changed there
        self.recipes, self.settings, self.runs = RecipeTree(look), SettingsForm(look), RunList(look, keys=keys)
        self._found_in: Pane = self.recipes
        self.model, self.command, self.foot = ModelLines(look), CommandLine(look), Foot(look)
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
        self._asked = ()  # a run may have fetched them since
        self._go_to_watched()
        if self.form and self._unanswered:  # the helper that was asked became a worker
            self.bench.measure(self.form, after=_MEASURE_SECONDS)

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
                self.set_focus(self.runs)
        self._tell()

    def on_begun(self, message: Begun) -> None:
        self.bench.watched = message.run_id
        if self._queued:
            self._queued = False
            self.say(f"{message.run_id} is queued: it starts by itself once the device is free", "good")

    def on_checked(self, message: Checked) -> None:
        if self.form and message.asked == self._asked:
            self._lack_of_data = message.lack
            self._tell()

    @property
    def _lack(self) -> Lack | None:
        """What keeps the form from starting a run, besides mistakes in its fields."""
        from workbench.tui.editing.readiness import lack_of_device

        device = lack_of_device(self.form.values.get("device"), self._devices) if self.form else None
        return self._lack_of_data or device

    def _check(self) -> None:
        """Have it looked whether the data of the form are here, where they are others than those last looked for."""
        from workbench.tui.editing import readiness

        if self.form and readiness.asked(self.form) != self._asked:
            self._asked, self._lack_of_data = readiness.asked(self.form), None
            self.bench.check(self.form)

    def on_answered(self, message: Answered) -> None:
        if message.question in self._unanswered and self._is_about(message):
            self._unanswered.remove(message.question)
        if message.question == "layers" and self._is_about(message):
            self.model.measure(message.answer["layers"], int(message.answer["parameters"]))
        elif message.question == "contents" and self._is_about(message):
            from workbench.views import contents

            self.model.tell_data(contents.brief(message.answer))
        elif message.question == "device":
            self.query_one(Header).tell(str(message.answer.get("description") or message.answer.get("device")))
            self._devices = tuple(message.answer.get("available") or ())
            self._tell()

    def _is_about(self, message: Answered) -> bool:
        """Whether an answer is about the model and the data of the form as it is now."""
        return self.form is not None and self.form.shaped_by(message.about.get("settings", {})) == self._measured

    def on_refused(self, message: Refused) -> None:
        self._unanswered.discard(message.what)
        if message.what == "layers":
            self.model.fail(message.error.message)
        elif message.what == "contents":
            self.model.tell_data(message.error.message)
        elif message.what not in ("batch", "device"):
            self.say(f"{message.error.message}   {message.error.hint}", "error")

    def on_pane_moved(self, message: Pane.Moved) -> None:
        if message.pane is self.recipes and self.recipes.chosen:
            self._edit(*self.recipes.chosen)
        self._tell()

    def on_settings_form_changed(self) -> None:
        self._measure()
        self._tell()

    def on_descendant_focus(self) -> None:
        self.set_class(self.has_class("-narrow") and self.focused is self.recipes, "-recipes")
        self.set_class(self.focused is self.runs, "-runs")
        if self.focused is not self.runs:
            self.remove_class("-folded")
        self._tell()

    def on_foot_typed(self, message: Foot.Typed) -> None:
        if self.foot.label.startswith(_FIND):
            self._found_in.find(message.text, typing=True)

    def on_foot_done(self, message: Foot.Done) -> None:
        if self.took_label(message) or self.took_settings(message):
            return
        if message.text != "":  # None takes the find back; `Typed` may come too late to be told from another question's
            self._found_in.find(message.text or "")
        self.set_focus(self._found_in)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Which keys do something depends on the pane and on the run under its cursor."""
        run = self.run_here
        here = {
            "queue": self.form is not None,
            "choose": self.focused is self.recipes,
            "delete": bool(self.ended),
            "stop": bool(self.live),
            "pause": bool(self.training),
            "go_on": bool(self.paused) and not self.training,
            "save": bool(self.training or self.paused),
            "resume": run is not None and not run.is_live and not self.runs.marked,
            **dict.fromkeys(("open", "mark", "label", "pin", "use", "fork"), run is not None),
            **dict.fromkeys(("compare", "write", "load", "reset_all", "take"), self.form is not None),
            "order": self.focused is self.runs,
            "beside": self.focused is self.runs and self.runs.count > 1,
            "clear": bool(getattr(self._pane, "word", "") or self.runs.marked),
            **dict.fromkeys(("type", "all", "step"), self.focused is self.settings),
            "reset": self.focused is self.settings and self.settings.is_changed_here,
        }
        return here.get(action, True)

    def action_start(self) -> None:
        if self.form is None:
            self._start_asked = True
        elif self._may_start("s"):
            self._begin(self.bench.start)

    def action_queue(self) -> None:
        if self.form is not None and self._may_start("Q"):
            self._queued = self._begin(self.bench.queue)

    def _begin(self, begin: Callable[[Form], None]) -> bool:
        assert self.form is not None
        try:
            begin(self.form)
        except WorkbenchError as error:
            self.say(error.message, "error")
            return False
        return True

    def _may_start(self, key: str) -> bool:
        """Whether nothing is lacking; asks before data are fetched, and goes to the setting that would have to be another."""
        lack = self._lack
        if lack is None or self.form is None:
            return True
        if not lack.offer:
            self.set_focus(self.settings)
            self.settings.go_to(lack.setting)
            self.say(lack.words, "error")
            return False
        if self.confirm(key, lack.offer, f"{self.key_for(key)} again fetches it and starts, esc does not: {lack.offer}"):
            self.form.type("download", "yes")
            self.form_changed()
            return True
        return False

    def bar_keys(self) -> list[Binding]:
        """What the key bar shows: a line to type into has keys of its own; among the runs, their keys come first."""
        if self.settings.editor:
            return typing_keys("take")
        keys = super().bar_keys()
        if self.focused is not self.runs or self.foot.is_asking:
            queues = any(run.is_live for run in self.runs.all or ())
            return [binding for binding in keys if binding.id != "bench.queue" or queues]
        return sorted(keys, key=lambda binding: binding.id in _LATER)

    def action_choose(self) -> None:
        self.set_focus(self.settings)

    def action_move(self, by: int) -> None:
        self._pane.move(by)

    def action_pane(self, by: int) -> None:
        panes = (self.recipes, self.settings, self.runs)
        self.set_focus(panes[(panes.index(self._pane) + by) % len(panes)])  # at once: the next key may be waiting

    def form_changed(self) -> None:
        self.settings.redraw()
        self._measure()
        self._tell()

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

    def action_sweeps(self) -> None:
        self.bench.open_sweeps(self.form)

    def action_find(self) -> None:
        self._found_in = self._pane
        examples = {self.runs: "state:failed,stopped lr>=1e-3 tag:paper age<2d", self.settings: "momentum", self.recipes: "attention"}
        check = self.runs.mistake if self._pane is self.runs else lambda text: ""
        where = self._pane.title.partition(" ")[0]
        word = str(getattr(self._pane, "word", ""))
        self.foot.ask(Question(f"{_FIND} in {where}", word, check, _WHOLE_ROW, f"for example {examples[self._pane]}"))

    def action_clear(self) -> None:
        self.runs.unmark()
        self._pane.find("")

    # What belongs together

    @property
    def _pane(self) -> Pane:
        """The pane that has the cursor."""
        return self.focused if isinstance(self.focused, Pane) else self.recipes

    def _edit(self, recipe: Recipe, preset: Preset) -> None:
        """Show the form of a preset, as it was left."""
        if self.form is None or (self.form.recipe, self.form.preset) != (recipe, preset):
            known = self._forms.get(_place(recipe, preset))
            if known:
                self._show_form(known)
            else:
                self.edit_anew(recipe, preset)
            self._measure()
            if self._start_asked:
                self._start_asked = False
                self.call_later(self.action_start)

    def edit_anew(self, recipe: Recipe, preset: Preset) -> Form:
        from workbench.tui.editing.form import Form

        form = self._forms[_place(recipe, preset)] = Form(recipe, preset)
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
        rows = self.runs.body_height(self.runs.size.height)
        if self.focused is self.runs and rows > 0 and self.runs.count > rows:
            self.add_class("-folded")

    def _measure(self) -> None:
        """Ask for layers and sizes, soon, unless only what neither depends on has changed."""
        assert self.form is not None
        shaping = None if self.form.mistakes else self.form.shaping
        if shaping is None:
            self.model.fail("no model before the setting marked ! is mended")
        elif shaping != self._measured:
            self.model.tell("measuring ...", self.form.preset.expect)
            self.model.tell_data("measuring ...")
            self.bench.measure(self.form, after=_MEASURE_SECONDS)
            self._unanswered = {"layers", "contents"}
        self._measured = shaping

    def _tell(self) -> None:
        """Bring the command, the hints and the keys up to date with panes and form."""
        self.show_keys()
        self._fold()
        self.recipes.mark({place for place, form in self._forms.items() if form.changed or form.mistakes or form.origin})
        if self.form:
            self._check()
            from workbench.tui.screens.hints import Standing, hints  # pydantic comes with it: not before the first paint

            self.command.tell(self.form.command_line())
            setting: Setting | None = self.settings.at_cursor if self.focused is not self.recipes else None
            about = Standing(self.run_here, self.compared_with, self.runs.all or (), self._lack)
            self.foot.show(hints(self.form, setting, about, self.bench.look.marks, self.size.width, self.key_for))


def _place(recipe: Recipe, preset: Preset) -> tuple[str, str, str]:
    return recipe.name, recipe.path, preset.name
