"""What a run computes on and with: device, arithmetic, threads, random numbers, several processes."""
