"""Integrations of the simulated org as they report of themselves: nightly and hourly jobs, calls, heartbeats, and what goes wrong.

`integrations`: who they are and what they do every day; `report_day`: a day's reports; `planted`: what happens to them in
scenarios; `reporter`: what sends them to a listener as time passes. Nothing here is drawn from the org's own log files.
"""
