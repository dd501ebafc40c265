"""A Salesforce org that speaks the real protocols, with traffic, planted leaks, faults, and the truth beside it.

It is a peer of the product, not a part of it: nothing else of `agent` is imported here, so that a mistake on one
side is not repeated on the other. `org.py` is the way in.
"""
