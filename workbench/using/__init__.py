"""Using what a run has learnt: its trained model, and the answers to what a command or the interface asks of it."""
