"""Links in messages, by which people acknowledge an incident: signed, short-lived, and good for one acknowledgement."""
