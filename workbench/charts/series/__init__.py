"""Charts of series over steps or time: what they share, lines, and shades one below the other."""
