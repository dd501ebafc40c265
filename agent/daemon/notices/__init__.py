"""What people ask and say about notices: of the running daemon, or of the state alone."""
