"""The state directory itself, below what is kept in it: who holds it, whose it is, who may look, which files are nobody's."""
