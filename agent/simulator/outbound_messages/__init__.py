"""Outbound messages of the simulated org: its workflows queue them, and they are sent until somebody acknowledges them."""
