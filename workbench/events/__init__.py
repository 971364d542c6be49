"""What can happen in a run, and the log that it is written to."""
