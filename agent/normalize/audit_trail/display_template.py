"""The words of a change in Setup (`Display`), taken apart by what an action is known to say.

A template is text with values in braces: `Changed role for user {user} from {from} to {to}`. It fits a text from its first
to its last character, with the same capitals. It is read from the right: names of profiles and permission sets may have a
colon or a ` from ` in them, what stands behind them has neither. Reading takes as long as the text is, whatever is in it,
because each piece of the template is looked for once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

LONGEST = 4_000
"""Characters of a Display that is read; one that is longer is kept and not taken apart."""

IGNORED = "_"
"""A value that nobody needs."""

FROM, TO = "from", "to"

_PLACES = re.compile(r"\{([a-z_]+)\}")
_BETWEEN = " to "

_FORMS = {
    "user_id": re.compile(r"005[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?"),
    "app_id": re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?"),
    "username": re.compile(r"[^\s@]+@[^\s@]+"),
    "count": re.compile(r"[0-9]{1,9}"),
    "first_address": re.compile(r"[0-9A-Fa-f.:]{2,45}"),
    "last_address": re.compile(r"[0-9A-Fa-f.:]{2,45}"),
}
"""How values must look that cannot be any text; where one looks otherwise, the template does not fit."""


@dataclass(frozen=True, slots=True)
class DisplayTemplate:
    """Pieces of text and the names of the values between them: one piece more than values."""

    pieces: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> DisplayTemplate:
        """From text with values in braces. Raises ValueError where two values have nothing between them."""
        found = _PLACES.split(text)
        pieces, names = found[::2], found[1::2]
        if not all(pieces[1:-1]):
            raise ValueError(f"`{text}` has two values side by side; write what stands between them")
        return cls(tuple(pieces), tuple(names))

    def values(self, text: str) -> Mapping[str, str] | None:
        """The values of a text by name, without white space around them; None if it does not fit.

        Two values of one ` to ` too many (`from A to B to C`) cannot be told apart, and are left out.
        """
        first, last = self.pieces[0], self.pieces[-1]
        if not self.names:
            return {} if text == first else None
        if len(text) > LONGEST or not text.startswith(first) or not text.endswith(last):
            return None
        rest = text[len(first) : len(text) - len(last)]
        found: dict[str, str] = {}
        for name, piece in zip(self.names[:0:-1], self.pieces[-2:0:-1], strict=True):
            rest, between, value = rest.rpartition(piece)
            if not between or not _is_value(name, value):
                return None
            found[name] = value.strip()
        if not _is_value(self.names[0], rest):
            return None
        found[self.names[0]] = rest.strip()
        found.pop(IGNORED, None)
        return found if is_clear(found) else {name: found[name] for name in found if name not in (FROM, TO)}


def is_clear(values: Mapping[str, str]) -> bool:
    """Whether what changed from one value to another can be told apart."""
    return _BETWEEN not in values.get(FROM, "")


def _is_value(name: str, text: str) -> bool:
    form = _FORMS.get(name)
    return bool(text.strip()) and (form is None or form.fullmatch(text.strip()) is not None)
