"""Texts that people write: of a bounded length, and without characters that cannot be seen."""

from __future__ import annotations

from agent.notice.incidents.changes.refusal import NotAllowed
from agent.terminal import printable

LONGEST_TEXT = 4_000
"""Characters of a comment, a reason, a basis."""
LONGEST_NAME = 200
"""Characters of a name, a receipt."""


def text(value: str, what: str, *, needed: bool = True, option: str = "", longest: int = LONGEST_TEXT) -> str:
    """Several lines are allowed. Raises NotAllowed; `what`: such as `a reason`; `option`: with which a person writes it."""
    return _checked(value, what, longest, option, needed=needed)


def name(value: str, what: str, *, needed: bool = True, option: str = "") -> str:
    """One line. Raises NotAllowed."""
    found = _checked(value, what, LONGEST_NAME, option, needed=needed)
    if "\n" in found or "\t" in found:
        raise NotAllowed(f"{what} is one line", hint="write it without line ends and tabs")
    return found


def _checked(value: str, what: str, longest: int, option: str, *, needed: bool) -> str:
    found = value.strip()
    if needed and not found:
        raise NotAllowed(f"{what} is needed", hint=f"write it with {option}" if option else "write it")
    if len(found) > longest:
        raise NotAllowed(f"{what} has at most {longest:,} characters, this one has {len(found):,}", hint="shorten it")
    if printable(found) != found:
        raise NotAllowed(f"{what} has a character that cannot be seen", hint="remove control characters")
    return found
