"""Runs that a script of somebody's own trains: `workbench.record`, and what stands in such a run's log."""
