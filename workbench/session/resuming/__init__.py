"""Going on from a checkpoint: which are kept, what is restored, what is done again."""
