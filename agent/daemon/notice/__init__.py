"""Notices in the running daemon: the clocks of incidents, and what may be asked about them."""
