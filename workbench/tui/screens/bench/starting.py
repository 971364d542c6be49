"""Starting a run from the form: at once or in the queue, as soon as nothing is lacking that it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.tui.messages import Checked
from workbench.tui.screens.bench.form_actions import FormActions

if TYPE_CHECKING:
    from workbench.tui.editing.form import Form
    from workbench.tui.editing.readiness import Lack


class Starting:
    """Asks before data are fetched, and goes to the setting that would have to be another."""

    def __init__(self, screen: FormActions) -> None:
        self._screen = screen
        self._is_early = False  # asked to start before there was anything to start
        self._is_queued = False  # whether the next run that begins was put in the queue here
        self._asked: tuple[object, ...] = ()  # which data were looked for
        self._lack_of_data: Lack | None = None
        self.devices: tuple[str, ...] = ()  # of this machine, once they are known

    def start(self) -> None:
        if self._screen.form is None:
            self._is_early = True
        elif self._may_start(self._screen.form, "s"):
            self._begin(self._screen.form, self._screen.bench.start)

    def queue(self) -> None:
        if self._screen.form is not None and self._may_start(self._screen.form, "Q"):
            self._is_queued = self._begin(self._screen.form, self._screen.bench.queue)

    def catch_up(self) -> None:
        """Start what was asked for before there was a form."""
        if self._is_early:
            self._is_early = False
            self._screen.call_later(self.start)

    def hear_of_begun(self, run_id: str) -> None:
        if self._is_queued:
            self._is_queued = False
            self._screen.say(f"{run_id} is queued: it starts by itself once the device is free", "good")

    @property
    def lack(self) -> Lack | None:
        """What keeps the form from starting a run, besides mistakes in its fields."""
        from workbench.tui.editing.readiness import lack_of_device

        form = self._screen.form
        device = lack_of_device(form.values.get("device"), self.devices) if form else None
        return self._lack_of_data or device

    def check(self, form: Form) -> None:
        """Have it looked whether the data of the form are here, where they are others than those last looked for."""
        from workbench.tui.editing import readiness

        if readiness.asked(form) != self._asked:
            self._asked, self._lack_of_data = readiness.asked(form), None
            self._screen.bench.check(form)

    def forget_check(self) -> None:
        """Let the data be looked for again: a run may have fetched them since."""
        self._asked = ()

    def took_check(self, message: Checked) -> bool:
        """Whether it is about the data that were looked for last; what it found counts then."""
        if self._screen.form is None or message.asked != self._asked:
            return False
        self._lack_of_data = message.lack
        return True

    def _begin(self, form: Form, begin: Callable[[Form], None]) -> bool:
        try:
            begin(form)
        except WorkbenchError as error:
            self._screen.say(error.message, "error")
            return False
        return True

    def _may_start(self, form: Form, key: str) -> bool:
        screen, lack = self._screen, self.lack
        if lack is None:
            return True
        if not lack.offer:
            screen.set_focus(screen.settings)
            screen.settings.go_to(lack.setting)
            screen.say(lack.words, "error")
            return False
        if screen.confirm(key, lack.offer, f"{screen.key_for(key)} again fetches it and starts, esc does not: {lack.offer}"):
            form.type("download", "yes")
            screen.form_changed()
            return True
        return False
