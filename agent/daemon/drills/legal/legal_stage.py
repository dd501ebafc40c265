"""What a legal drill found of one stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_NAMED = 4
"""Differences that a sentence names; the others are counted."""


@dataclass(frozen=True)
class LegalStage:
    """A part of what a drill is about, with its verdict."""

    name: str
    passed: bool
    sentence: str
    """For people: what was seen, or what is different from what was expected."""


def judged(name: str, wrong: Sequence[str], sentence: str) -> LegalStage:
    """Passed where nothing is wrong; `sentence`: what is said then."""
    if not wrong:
        return LegalStage(name, passed=True, sentence=sentence)
    further = f"; and {len(wrong) - MOST_NAMED} more" if len(wrong) > MOST_NAMED else ""
    return LegalStage(name, passed=False, sentence="; ".join(wrong[:MOST_NAMED]) + further)
