"""Numbers with the word for what they count, in the singular and the plural."""

from __future__ import annotations

import re


def counted(number: float, thing: str) -> str:
    """`1 row`, `2,000 rows`, `2.5 hours`."""
    return f"{number_text(number)} {thing if number == 1 else plural(thing)}"


def number_text(number: float) -> str:
    """`24,417`, `2.5`: whole numbers without a fraction, others with ten digits at most."""
    return f"{int(number):,}" if float(number).is_integer() else f"{number:,.10g}"


def plural(words: str) -> str:
    """Of a noun, or of words that end with one; what looks like a plural stays."""
    if re.search(r"(?:ss|sh|ch|x)$", words):
        return f"{words}es"
    if words.endswith("s"):
        return words
    return re.sub(r"(?<=[^aeiou])y$", "ie", words) + "s"
