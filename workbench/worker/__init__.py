"""The processes that know torch, and the torch-free sides from which they are started and asked."""
