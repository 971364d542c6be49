"""Numbers in, rows of styled text out: charts that a terminal UI paints and a command prints, both the same."""
