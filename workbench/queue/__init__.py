"""Whose turn it is on a device: a lock per slot, and a line of those that wait. No daemon; each waits for itself."""
