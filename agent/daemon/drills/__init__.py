"""Drills: what is tried on purpose, to see that it would be found, and that people would be notified in time."""
