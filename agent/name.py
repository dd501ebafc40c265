"""Names that people give to orgs and destinations; they become parts of keys in the state, of metrics and of paths."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema

_PATTERN = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}"

OWN = "leakline"
"""How people call what is of no org."""

DRILLS = "leakline-drills"
"""The name of the shard in which drills run: it has a memory, incidents and a spool of its own, as an org has."""

RESERVED = frozenset({"agent", "detection", OWN, DRILLS})
"""Names of orgs under which the state would keep something else (`memory/agent/`, `memory/detection/`), what people call
Leakline itself, and the shard of drills.
"""


def name(value: str) -> str:
    """`value`, if it can be a name. Raises ValueError."""
    if not re.fullmatch(_PATTERN, value):
        raise ValueError(
            f"{shortened(value)} is not a usable name; write up to 64 letters, digits, `.`, `_` and `-`, "
            "beginning with a letter, a digit or `_`"
        )
    return value


def org_name(value: str) -> str:
    """As `name`, and not reserved. Raises ValueError."""
    if name(value) in RESERVED:
        raise ValueError(f"{value!r} is reserved for Leakline itself; write another name")
    return value


def shortened(value: Any, most: int = 60) -> str:
    """How a value from the settings file is shown in a message: quoted, escaped, cut."""
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}…"


_SCHEMA = {"type": "string", "pattern": f"^{_PATTERN}$"}

Name = Annotated[str, AfterValidator(name), WithJsonSchema(_SCHEMA)]
"""A settings field with the name of a destination."""

OrgName = Annotated[str, AfterValidator(org_name), WithJsonSchema({**_SCHEMA, "not": {"enum": sorted(RESERVED)}})]
"""A settings field with the name of an org."""
