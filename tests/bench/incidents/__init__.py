"""What incidents and their trail cost: `make bench-incidents`."""
