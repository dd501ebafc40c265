"""What a change of governed settings does to what they protect: a class for each difference."""
