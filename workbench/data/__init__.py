"""Real data sets, and batches of them that stay on the device."""
