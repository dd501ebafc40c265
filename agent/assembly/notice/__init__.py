"""From what `notice` has in the settings to what sends its messages."""
