"""The trail of the running daemon: what it did is recorded, filed, covered by checkpoints, and verified at the start."""
