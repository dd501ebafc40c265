"""What an org says of its allowance with each answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_USAGE = re.compile(r"api-usage=(\d{1,12})/(\d{1,12})")


class Usage(NamedTuple):
    """API calls in the rolling day as the org last told (`Sforce-Limit-Info`); 0 of 0 before it did."""

    used: int
    limit: int


def usage_of(headers: Mapping[str, str]) -> Usage | None:
    """None where an answer does not say."""
    found = _USAGE.search(headers.get("Sforce-Limit-Info", ""))
    return Usage(int(found[1]), int(found[2])) if found else None
