"""The built-in recipes, one folder per model family."""
