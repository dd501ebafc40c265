"""Commands about who is told of incidents."""
