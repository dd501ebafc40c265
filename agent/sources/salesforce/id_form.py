"""The form of Salesforce's record ids, for those that come from outside and enter a path, a query or a key."""

from __future__ import annotations

import re
from typing import TypeGuard

_RECORD_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


def is_record_id(value: object) -> TypeGuard[str]:
    """Whether it is a text of 15 or 18 ASCII letters and digits. The 18th tells case, and samples have it wrong: not checked."""
    return isinstance(value, str) and _RECORD_ID.fullmatch(value) is not None
