"""The charts and previews of a run side by side, a page at a time, one of them chosen."""

from __future__ import annotations

from collections.abc import Sequence

from textual.containers import Grid

from workbench.tui.messages import SlotSeen
from workbench.tui.theme import Look
from workbench.tui.widgets.slot_view import SlotView

MOST_SLOTS = 16


class Board(Grid):
    """As many charts as there are and fit; behind the last one of a page comes the next page."""

    def __init__(self, look: Look) -> None:
        self.slots = [SlotView(look, place) for place in range(MOST_SLOTS)]
        super().__init__(*self.slots, id="board")
        self.count = 4  # charts and previews in all; a recipe's first ones, until it is known
        self.chosen = 0  # of all
        self._shape = (2, 2)
        self._pages = [range(4)]
        self._room = (0, 0)

    def lay_out(self, count: int, columns: int, rows: int) -> None:
        """Fit the grid to what there is and to so much room."""
        from workbench.views.run.board import pages

        self.count, self.chosen = count, min(self.chosen, max(0, count - 1))
        self._pages, self._room = pages(count, columns, rows), (columns, rows)
        self._fit()

    def _fit(self) -> None:
        """The shape of this page, whose charts share all of the room."""
        from workbench.views.run.board import shape

        self._shape = across, down = shape(len(self._pages[self._page]), *self._room)
        self.styles.grid_size_columns, self.styles.grid_size_rows = across, down
        for slot in self.slots:
            slot.display = slot.place < across * down

    @property
    def _page(self) -> int:
        return next((number for number, page in enumerate(self._pages) if self.chosen in page), 0)

    @property
    def first(self) -> int:
        """The first chart of the page that the chosen one is on."""
        return self._pages[self._page].start

    @property
    def boxes(self) -> tuple[tuple[int, int], ...]:
        """Width and height of each slot; none while the board is hidden."""
        return tuple((slot.size.width, slot.size.height) for slot in self.slots if slot.display and self.display)

    @property
    def chosen_slot(self) -> SlotSeen | None:
        return self.slots[self.chosen - self.first].seen

    def choose(self, place: int) -> bool:
        """Choose one of all charts; whether it is on another page."""
        before, self.chosen = self.first, max(0, min(self.count - 1, place))
        if self.first == before:
            return False
        self._fit()
        return True

    def beside(self, right: int, down: int) -> int:
        """The place of the chart so many to the right and below."""
        return self.chosen + right + down * self._shape[0]

    def page(self, by: int) -> int | None:
        """The place of the first chart so many pages on; None where there is no such page."""
        number = self._page + by
        return self._pages[number].start if 0 <= number < len(self._pages) else None

    def show(self, shown: Sequence[SlotSeen]) -> None:
        """Show the charts of this page."""
        for slot in self.slots:
            slot.show(shown[slot.place] if slot.place < len(shown) else None, slot.place == self.chosen - self.first)
