"""A look inside a model: its layers, what it costs, dead units, how its numbers are spread."""
