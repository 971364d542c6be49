"""Playground: using what a run has learnt. The screen is in screen.py, and a panel for each kind of model beside it."""
