"""What is shown of a run, assembled once as rows of styled text: the terminal interface paints them, `show` and `runs` print them."""
