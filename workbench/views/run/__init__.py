"""A run as rows: its status, slots, log, diagnosis and what needs saying."""
