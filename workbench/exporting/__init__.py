"""A run taken elsewhere: one file for each form that it leaves in."""
