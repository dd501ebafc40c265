"""What must survive a restart, and who asks for it."""
