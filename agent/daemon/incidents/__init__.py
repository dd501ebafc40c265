"""What people ask and say about incidents: of the running daemon, or of the state alone."""
