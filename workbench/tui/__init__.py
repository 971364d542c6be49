"""What you see: the terminal user interface. It reads run folders and asks workers; it never trains and never imports torch."""
