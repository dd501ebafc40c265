"""Changes of governed settings in the running daemon: proposals, votes, what comes into force, and drift."""
