"""Drills: planted leaks that show whether leaks would be found, told in time and written down."""
