"""How laws count time: a function for each way, none of which knows a law or a duration."""
