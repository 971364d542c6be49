"""The training workbench: pick a recipe, edit its settings, start it, and watch it learn."""

__version__ = "0.1.0"
