"""Asking before anything is downloaded: size, licence and target first, and never without an answer."""

from __future__ import annotations

import sys
from typing import TypeVar

from workbench.cli import output
from workbench.data.catalogue import CATALOGUE, ImageInfo, not_here, offer
from workbench.errors import WorkbenchError
from workbench.paths import data_folder
from workbench.schema import Settings, build, flat

S = TypeVar("S", bound=Settings)


def settled(config: S) -> S:
    """The settings, with `download` on where their data set has to be fetched and a person agreed.

    Raises:
        WorkbenchError: there is nobody to ask, or the answer was no; names the data set that needs no network.
    """
    values = flat(config)
    info = CATALOGUE.get(str(values.get("dataset")))
    if not isinstance(info, ImageInfo) or values.get("download") is not False:
        return config
    folder = data_folder()
    if info.is_in(folder):
        return config
    if not output.is_answered():
        raise not_here(info, folder)
    print(f"{offer(info, folder)}. Download it? (y/N) ", end="", file=sys.stderr, flush=True)
    if not sys.stdin.readline().strip().lower().startswith("y"):
        raise WorkbenchError(f"`{info.name}` was not downloaded, and no run was started", f"`--dataset {info.instead}` needs no network")
    return build(type(config), {**values, "download": True})
