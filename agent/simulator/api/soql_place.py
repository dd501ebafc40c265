"""How Salesforce says where a query is wrong: the query around the place, a caret below it, row and column."""

from __future__ import annotations

import re

from agent.simulator.api.filters.soql import SoqlError

_BEFORE, _AFTER = 32, 42
"""Characters of the query's line that are shown before the place and from it on, up to whole words. Those that people
quote show two words on either side."""

_WORDS = re.compile(r"'(?:[^'\\]|\\.)*'|[\w.]+")


def placed(text: str, error: SoqlError) -> str:
    """The message with its place in the query `text`, where it has one."""
    at = _place(text, error)
    if at is None:
        return str(error)
    begin = text.rfind("\n", 0, at) + 1
    row, column = text.count("\n", 0, at) + 1, at - begin + 1
    line = text[begin:].partition("\n")[0]
    first = 0 if column <= _BEFORE else line.find(" ", column - 1 - _BEFORE, column - 1) + 1 or column - 1
    last = line.find(" ", column - 1 + _AFTER)
    shown = line[first:] if last < 0 else line[first:last]
    caret = " " * (column - 1 - first) + "^"
    return f"\n{shown}\n{caret}\nERROR at Row:{row}:Column:{column}\n{error}"


def _place(text: str, error: SoqlError) -> int | None:
    """The place that the error names, or the first place of its word outside quotes."""
    if error.at is not None or not error.word:
        return error.at
    found = (match.start() for match in _WORDS.finditer(text) if match[0].lower() == error.word.lower())
    return next(found, None)
