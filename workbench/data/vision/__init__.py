"""Labelled images: shipped, fetched or a person's own, moved at random, with what needs no network beside them."""
