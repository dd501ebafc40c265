"""Numbers, spans of time and lists as people read them in a sentence."""
