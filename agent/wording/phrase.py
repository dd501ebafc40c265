"""Parts of a sentence: titles in quotation marks, lists, names of fields."""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST_TITLE = 120
"""Characters of a title in a sentence about others."""

KNOWN = {
    "destination.domain": "destination",
    "event.dataset": "dataset",
    "organization.id": "org",
    "source.as.number": "network operator",
    "source.geo.country_iso_code": "country",
    "source.ip": "source address",
    "user.id": "user",
    "user.name": "user",
    "user.target.id": "target user",
    "URI": "URI",
    "USER_ID": "user",
    "USER_ID_DERIVED": "user",
    "UserId": "user",
    "who": "user",
}
"""Fields whose names are not the words that people use."""


def field_text(name: str) -> str:
    """`leakline.login_name`, `LOGIN_NAME` and `LoginName` are all `login name`."""
    if name in KNOWN:
        return KNOWN[name]
    bare = re.sub(r"^(?:leakline|salesforce)\.", "", name)
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", bare)
    return re.sub(r"[._\s]+", " ", spaced).strip().lower() or name


def quoted(title: str) -> str:
    """`"Login refused"`: of a long title the beginning, and no quotation marks inside."""
    plain = title.replace('"', "'")
    return f'"{shortened(plain, LONGEST_TITLE)}"'


def shortened(text: str, longest: int) -> str:
    """At most so many characters; what is cut off is shown to be."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def listed(words: Sequence[str], last: str) -> str:
    """`a, b and c`. `last`: `and` or `or`."""
    *first, end = words
    return f"{', '.join(first)} {last} {end}" if first else end
