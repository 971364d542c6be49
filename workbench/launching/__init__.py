"""Starting, resuming and asking the processes that know torch, from one that does not."""
