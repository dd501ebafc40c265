"""Who listens over HTTP while the daemon runs: metrics and health, and the senders of reports."""
