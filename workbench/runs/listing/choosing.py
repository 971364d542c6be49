"""Several runs at once, as a person names them: ids, names, and filters of the list."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.runs.folder import RunFolder
from workbench.runs.listing import filtering
from workbench.runs.store import Store

_FILTER = re.compile(r"[A-Za-z_][\w/]*(:|>=|<=|!=|=|>|<).*")


def folders(store: Store, words: Sequence[str]) -> list[RunFolder]:
    """The runs that are named, in that order, then those that fit all the filters among the words, oldest first; each once.

    Raises:
        WorkbenchError: a name that no run has, or a filter that is none.
    """
    named = [store.find(word) for word in words if not _FILTER.fullmatch(word)]
    wanted = " ".join(word for word in words if _FILTER.fullmatch(word))
    if wanted:
        known = [(feed.folder, filtering.facts(feed)) for feed in store.feeds()]
        fits = filtering.parse(wanted, [about for _, about in known])
        named += [folder for folder, about in reversed(known) if fits(about)]
    return list({folder.id: folder for folder in named}.values())
