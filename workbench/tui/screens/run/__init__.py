"""One run: all its charts, one of them on the whole screen, and what may be asked of its worker."""
