"""The real `run` behind the treaty: one attempt at training, recorded, checkpointed and open to requests."""
