"""A run on disk, seen from outside: its folder, what its events add up to, whether it lives, and how to ask it something."""
