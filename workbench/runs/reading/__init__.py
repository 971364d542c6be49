"""A run's log, read on from where it was read last, and what it adds up to: state, series, epochs, times."""
