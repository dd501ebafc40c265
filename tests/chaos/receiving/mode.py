"""What a receiver does with what comes."""

from __future__ import annotations

from typing import Literal

Mode = Literal["up", "closed", "hanging", "failing", "limiting", "answerless"]
"""`closed`: it does not listen; `hanging`: it takes a message and never answers; `failing`: HTTP 503, SMTP 451; `limiting`: HTTP 429
with Retry-After, SMTP 421; `answerless`: it has the message, and the connection ends before its answer.
"""

DOWN: tuple[Mode, ...] = ("closed", "hanging", "failing", "limiting", "answerless")

ASKED_TO_WAIT = 7
"""Seconds that `limiting` asks for."""
