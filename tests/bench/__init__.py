"""Speed, measured the same way every time: `make bench`."""
