"""The org's Pub/Sub API: events kept for 72 hours and streamed over gRPC (facts: pub-sub-api proto, handling-errors guide).

Nothing here knows the org's rooms: `running.py` gives this one what it needs as callables.
"""
