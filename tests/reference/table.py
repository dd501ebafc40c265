"""Tables in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def cell(text: object) -> str:
    """On one line; a bar inside would end the cell."""
    return " ".join(str(text).replace("|", "\\|").split())


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell(part) for part in line)} |\n" for line in lines)


def written_by(what: str) -> str:
    """The line that keeps people from editing a page by hand."""
    return f"Written by `make reference` from {what}; do not edit it.\n"


def slug(title: str) -> str:
    """A heading as links to it name it."""
    return re.sub(r"[^\w\s-]", "", title.lower()).strip().replace(" ", "-")
