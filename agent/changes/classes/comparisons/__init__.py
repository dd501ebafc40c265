"""Whole documents, each compared by its tables."""
