"""Who is told, while the daemon runs."""
