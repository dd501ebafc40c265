"""What becomes of a message when it was sent, or could not be."""
