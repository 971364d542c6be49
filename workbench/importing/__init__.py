"""Runs of other tools, read into run folders of our own: one file for each form that they come in."""
