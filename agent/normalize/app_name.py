"""Names of connected apps in a form in which a look-alike equals what it imitates, as far as spelling goes."""

from __future__ import annotations

import unicodedata

LONGEST = 500
"""Characters of a name that are looked at: Salesforce allows 80, and rows of other kinds may hold anything."""


def folded(name: str) -> str:
    """NFKC, without case, and without anything but letters and digits: `My_Ticket-Portal` as `myticketportal`."""
    plain = unicodedata.normalize("NFKC", name[:LONGEST]).casefold()
    return "".join(letter for letter in plain if letter.isalnum())
