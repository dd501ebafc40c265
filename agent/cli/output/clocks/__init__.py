"""The clocks of incidents, for people."""
