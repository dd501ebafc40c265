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
_PIECE = 100

_ALIKE = str.maketrans("0134578i|!@$", "oleastbllla" + "s")
"""Digits and signs that are written in place of letters; i, l, 1 and | look the same in one case or the other."""
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
"""Two letters that look like one (TR39 has them as well)."""
_TAKEN_FOR = {
    "a": "ɐᗩΔ∆Λ₳", "c": "¢₡", "d": "дδ∂ðᗪᗞ₫₯", "e": "εєɛəΣΞᗴᕮ€", "h": "ᕼ", "k": "кκĸ₭", "l": "λ£₤", "n": "и₦",
    "o": "σ", "p": "₱₽", "r": "гяᖇ₹", "s": "₴", "t": "₮₸", "w": "₩", "y": "¥",
}  # fmt: skip
_UNLISTED = {sign: letter for letter, signs in _TAKEN_FOR.items() for sign in signs}
"""Letters and signs that people take for Latin letters and TR39 does not."""
_CROSSES = re.compile("[+†‡＋﹢⁺₊✝✞✟]")
"""Signs that are a `t` in one name (`Da+a`) and stand between words in another."""
_TURNING = re.compile("[\u200f\u061c\u202a-\u202e\u2066-\u2069]")
"""Marks of direction: what follows some of them is seen from right to left."""
_OVERRIDE = re.compile("[\u202d\u202e]")
_BACKWARDS = re.compile("\u202e([^\u202a-\u202e\u2066-\u2069]*)")
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\U000e0000-\U000e0fff]")
"""Fillers that count as letters, and tags that are named after them (Default_Ignorable_Code_Point)."""
_EXCLAIMED = re.compile(r"!(?!\w)")
_NAMED = re.compile(
    r"LATIN (?:SMALL LETTER|CAPITAL LETTER|LETTER SMALL CAPITAL) "
    r"(?:(?:DOTLESS|TURNED|REVERSED|OPEN|SIDEWAYS|SCRIPT|INSULAR|BLACKLETTER) )*([A-Z])(?: WITH .*)?$"
)
_IN_FRAMES = re.compile(r"(?:LATIN CAPITAL LETTER|SYMBOL LETTER) ([A-Z])$")


def folded(name: str) -> str:
    """The form of a name; empty for one without letters and digits."""
    text = letters(name)
    for pair, letter in _PAIRS:
        text = text.replace(pair, letter)
    return text


def letters(name: str) -> str:
    """The form in which a pair of letters that looks like one is still a pair."""
    return _letters(name[:LONGEST])


def readings(name: str) -> tuple[str, ...]:
    """`letters` of all that a name can be read as: its crosses as `t`, and backwards where marks of direction turn it."""
    name = name[:LONGEST]
    texts = [name]
    if _CROSSES.search(name):
        texts.append(_CROSSES.sub("t", name))
    if _TURNING.search(name):
        words = re.split(r"[\W_]+", name)
        texts += [name[::-1], " ".join(reversed(words)), _BACKWARDS.sub(lambda found: found[1][::-1], name)]
    return tuple(dict.fromkeys(map(letters, texts)))


def looks_like(name: str) -> re.Pattern[str]:
    """What finds a name in the `letters` of another one, whichever of its letters are pairs there."""
    pairs = {letter: f"(?:{letter}|{pair})" for pair, letter in _PAIRS}
    return re.compile("".join(pairs.get(letter, re.escape(letter)) for letter in folded(name)))


def is_turned(name: str) -> bool:
    """Whether a name overrides the direction of its letters, which no script needs: it is seen as another one."""
    return _OVERRIDE.search(name[:LONGEST]) is not None


@lru_cache(maxsize=5_000)
def _letters(name: str) -> str:
    seen = _INVISIBLE.sub("", name)
    text = "".join(map(_plain, _compatible(seen)))
    # Once more: of some letters only the capital or only the small one has a look-alike.
    text = "".join(map(_plain, text.casefold())).casefold()
    text = _EXCLAIMED.sub("", text).translate(_ALIKE)
    return "".join(letter for letter in text if letter.isalnum())


def _compatible(name: str) -> str:
    """NFKC as far as it is looked at, piece by piece: one character may become eighteen."""
    if name.isascii():
        return name
    text = ""
    for start in range(0, len(name), _PIECE):
        text += unicodedata.normalize("NFKC", name[start : start + _PIECE])
        if len(text) >= LONGEST:
            break
    return text[:LONGEST]


@lru_cache(maxsize=20_000)
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
            named = [name for text in texts if len(text) == 1 and not text.isascii() and (name := _by_name(text))]
            if plain or named:
                found[letter] = min(plain, key=len) if plain else named[0]
    return found
