"""Is this run healthy? Rules over what it logged, each with a cause, evidence and a next step."""
