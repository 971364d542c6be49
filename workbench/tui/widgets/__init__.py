"""What screens are made of; widgets get plain values and send messages."""
