"""The processes that know torch: they train, answer, conduct trials and drive sweeps."""
