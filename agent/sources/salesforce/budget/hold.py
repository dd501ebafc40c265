"""Why somebody may not ask an org now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ApiHold:
    """A turn that was not given, for the sake of those that matter more."""

    since: datetime
    """When it was first not given."""
    until: datetime
    """About when it will be, as far as that can be seen: within a day."""
    reason: str
    """A sentence's part: "1,900 of the 2,000 API calls …"."""
