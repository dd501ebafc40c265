"""What `leakline drill` prints."""
