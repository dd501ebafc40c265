"""Days as lists write them: 2026-06-17, the one spelling that lists of leavers and of indicators share."""

from __future__ import annotations

import re
from datetime import date

_FORM = re.compile(r"\d{4}-\d{2}-\d{2}")


def is_iso_date(text: str) -> bool:
    """Whether it has the form of one; whether there is such a day, `date.fromisoformat` knows."""
    return _FORM.fullmatch(text) is not None


def read_iso_date(text: str) -> date:
    """Raises ValueError for any other text, ISO 8601's other forms included (20260617, 2026-W25-3)."""
    if not is_iso_date(text):
        raise ValueError(text)
    return date.fromisoformat(text)
