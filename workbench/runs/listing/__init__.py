"""The list of runs: narrowed down, ordered, named by several words, kept for the next time."""
