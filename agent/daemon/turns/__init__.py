"""Loops that look at the shards in turn."""
