"""Is this run healthy? Rules over what it logged: a cause, the evidence, and what to do. Torch-free."""
