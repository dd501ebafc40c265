"""What `leakline check` says of notices."""
