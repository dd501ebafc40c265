"""Drills in the running daemon: asked for, planted, watched, judged, kept."""
