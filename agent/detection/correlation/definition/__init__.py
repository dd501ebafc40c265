"""What the author of a correlation writes (`document`, `condition`, read by `load`), and what it means (`correlation`)."""
