"""How good a model is: classification, written sequences, generated images."""
