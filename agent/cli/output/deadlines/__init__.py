"""Deadlines in lines, for `clocks list` and `status`."""
