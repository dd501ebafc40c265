"""The org's happenings as real-time events: made of the rows that log files tell of, streamed and stored.

`twins_*.py` say what a row is as an event; `Happenings` makes the events of a window of time, `Publisher` puts them on the
bus as the clock passes them, `StoredEvents` answers queries for them, `Plant` adds a leak while the org runs.
"""
