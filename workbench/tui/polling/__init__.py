"""The thread that reads disk for the screens, and what it brings them."""
