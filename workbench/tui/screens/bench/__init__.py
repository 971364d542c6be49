"""Bench, the home screen, and what belongs to it alone."""
