"""What goes over the wire to a terminal: only what its screen does not show yet."""
