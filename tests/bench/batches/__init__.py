"""What a small batch costs: `make bench-batches`."""
