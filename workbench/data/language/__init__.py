"""Text and pairs of sequences as tokens, with what counting alone predicts beside them."""
