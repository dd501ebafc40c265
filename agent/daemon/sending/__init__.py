"""What sends messages to people, and proves that it does."""
