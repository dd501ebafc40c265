"""Who is told of an incident that nobody acknowledges, and of a deadline that comes near."""
