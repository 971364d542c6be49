"""Finding in a pane of Bench: the question at the foot, with an example of what that pane understands."""

from __future__ import annotations

from workbench.tui.widgets.foot import Question
from workbench.tui.widgets.pane import Pane
from workbench.tui.widgets.recipe_tree import RecipeTree
from workbench.tui.widgets.run_list import RunList
from workbench.tui.widgets.settings_form import SettingsForm

_FIND = "find"
_WHOLE_ROW = 1000  # cells
_EXAMPLES: dict[type[Pane], str] = {
    RunList: "state:failed,stopped lr>=1e-3 tag:paper age<2d",
    SettingsForm: "momentum",
    RecipeTree: "attention",
}


def question(pane: Pane) -> Question:
    """What to find there, beginning with what was found last."""
    check = pane.mistake if isinstance(pane, RunList) else lambda text: ""
    where = pane.title.partition(" ")[0]
    return Question(f"{_FIND} in {where}", str(getattr(pane, "word", "")), check, _WHOLE_ROW, f"for example {_EXAMPLES[type(pane)]}")


def asks(label: str) -> bool:
    """Whether the question with this label is one of these."""
    return label.startswith(_FIND)
