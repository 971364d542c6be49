"""What you type: the commands, and how they print."""

import gc
import os

# Before typer is imported, since importing is most of what a command does: of 0.38 s of CPU for `runs --json` with 100
# runs, collecting garbage among modules that all stay took 0.03 s, and looking for pydantic plugins in every installed
# distribution 0.01 s.
gc.set_threshold(50_000, 20, 20)
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
