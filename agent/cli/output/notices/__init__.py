"""What `leakline notices …` prints."""
