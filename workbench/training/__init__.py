"""What every training loop needs and none should write again: plain functions and small classes over torch."""
