"""A recipe to begin with: a folder that trains, and that its owner changes from there."""
