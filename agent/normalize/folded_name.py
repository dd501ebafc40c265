"""Names in the form in which a look-alike equals what it imitates.

`My_Tick-et Роrtal` (with Cyrillic letters, hyphens and an underscore) and `My Ticket Portal` are both `mytlcketportal`:
compatibility forms (NFKC), look-alike letters of other scripts (Unicode TR39), marks, case, digits in place of letters,
and all that is neither letter nor digit (blanks, separators, invisible characters) make no difference. The form is for
comparing only, both sides folded; nobody reads it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

LONGEST = 500
"""Characters of a name that are looked at: Salesforce allows 80, and rows of other kinds may hold anything."""

_ALIKE = str.maketrans("0134578i|!@$", "oleastbllla" + "s")
"""Digits and signs that are written in place of letters; i, l, 1 and | look the same in one case or the other."""
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
"""Two letters that look like one (TR39 has them as well)."""
_UNLISTED = {"ε": "e", "є": "e", "д": "d", "г": "r", "я": "r", "и": "n", "λ": "l", "σ": "o"}
"""Letters that people take for Latin ones and TR39 does not."""
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\U000e0000-\U000e0fff]")
"""Fillers that count as letters, and tags that are named after them (Default_Ignorable_Code_Point)."""
_EXCLAIMED = re.compile(r"!(?!\w)")
_NAMED = re.compile(r"LATIN (?:SMALL LETTER|CAPITAL LETTER|LETTER SMALL CAPITAL) (?:DOTLESS )?([A-Z])(?: WITH .*)?$")
_IN_FRAMES = re.compile(r"(?:LATIN CAPITAL LETTER|SYMBOL LETTER) ([A-Z])$")


@lru_cache(maxsize=10_000)
def folded(name: str) -> str:
    """The form of a name; empty for one without letters and digits."""
    seen = _INVISIBLE.sub("", name[:LONGEST])
    text = "".join(map(_plain, unicodedata.normalize("NFKC", seen)[:LONGEST]))
    # Once more: of some letters only the capital or only the small one has a look-alike.
    text = "".join(map(_plain, text.casefold())).casefold()
    text = _EXCLAIMED.sub("", text).translate(_ALIKE)
    text = "".join(letter for letter in text if letter.isalnum())
    for pair, letter in _PAIRS:
        text = text.replace(pair, letter)
    return text


def _plain(letter: str) -> str:
    """The Latin letter that a letter looks like; itself if there is none."""
    if letter.isascii():
        return letter
    return _UNLISTED.get(letter) or _look_alikes().get(letter) or _by_name(letter) or _without_marks(letter)


def _without_marks(letter: str) -> str:
    base = unicodedata.normalize("NFKD", letter)
    return "".join(part for part in base if not unicodedata.category(part).startswith("M"))


def _by_name(letter: str) -> str | None:
    """`d` for small capitals, letters with strokes and letters in frames, which the table of look-alikes leaves out."""
    name = unicodedata.name(letter, "")
    found = _NAMED.match(name) or _IN_FRAMES.search(name)
    return found[1].lower() if found else None


@cache
def _look_alikes() -> dict[str, str]:
    """Letters of other scripts to ASCII, from the table of Unicode TR39; read when the first such letter is met.

    The library's file is read, not its module imported, which would keep all of it in memory for good.
    """
    table = json.loads((files("confusable_homoglyphs") / "confusables.json").read_text(encoding="utf-8"))
    found: dict[str, str] = {}
    for letter, alike in table.items():
        if len(letter) == 1 and not letter.isascii():
            texts = [str(entry["c"]) for entry in alike]
            plain = [text for text in texts if text.isascii() and text.isalnum()]
            named = [text for one in texts if len(one) == 1 and not one.isascii() and (text := _by_name(one))]
            if plain or named:
                found[letter] = min(plain, key=len) if plain else named[0]
    return found
