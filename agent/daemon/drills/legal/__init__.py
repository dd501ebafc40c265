"""Legal drills: the deadlines of a law, or who is notified of an incident, lived through with the real parts on a clock that is moved.

What is judged is counted a second time here, from a table (`terms.yaml`) that was written beside the pack of regimes.
"""
