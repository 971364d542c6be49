"""Settings while they are being changed: the form's state, the ladder of a value, a line being typed."""
