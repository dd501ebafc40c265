"""Who is on call, and maintenance, in the running daemon: what may be asked about both, and what time ends."""
