"""What `leakline changes` prints."""
