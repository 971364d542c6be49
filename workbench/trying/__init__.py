"""Runs that are thrown away: a dry run of everything, and searches for a learning rate and a batch size."""
