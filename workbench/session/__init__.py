"""The real `run` behind the contract: one attempt at training, recorded, checkpointed and open to requests."""
