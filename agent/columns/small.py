"""Where a batch is small: below it a call into Polars costs more than its rows do.

A call that goes through an expression costs 30 to 250 µs whatever is in it; a row in Python costs about one. The places that
have a second way for few rows meet at this limit, and tests hold both ways equal on both sides of it.
"""

from __future__ import annotations

SMALL = 256
"""Rows of a batch up to which it takes the way over Python lists."""
