"""What `leakline incidents …` prints."""
