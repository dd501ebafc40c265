"""Commands of those who give notice."""
