"""Runs beside each other: what differs, which is better and by how much, from the reports that `--json` prints."""
