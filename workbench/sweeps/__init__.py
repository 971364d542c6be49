"""Many runs of one plan: what to train, who trains which, how far it is, and what mattered."""
