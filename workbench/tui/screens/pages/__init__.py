"""Pages of text to scroll: page.py is what they share, and each kind of page is beside it."""
