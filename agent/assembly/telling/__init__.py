"""What people are told over, put together."""
