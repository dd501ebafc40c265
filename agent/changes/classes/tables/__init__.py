"""What a change of each governed key does, one line a key. What no line is for weakens."""
