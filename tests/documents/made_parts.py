"""`make samples`: writes the parts of documents that the code makes, between `<!-- made: NAME -->` and `<!-- /made -->`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tests.documents.notice_samples import notice_samples
from tests.documents.pages import ROOT
from tests.documents.shown_alert import shown_alert
from tests.documents.wire_samples import wire_samples

MAKERS: Mapping[str, Callable[[], str]] = {"alert": shown_alert, **wire_samples(), **notice_samples()}
"""Each part by name; what makes it."""
PAGES = ("README.md", "docs/destinations.md", "docs/incidents_in_siem.md")
"""Where there are such parts."""

_PART = re.compile(r"(<!-- made: ([a-z-]+) -->\n).*?(<!-- /made -->)", re.DOTALL)


def parts_of(text: str) -> list[str]:
    """The names of the parts that a page has."""
    return [found[2] for found in _PART.finditer(text)]


def renewed_page(text: str, makers: Mapping[str, Callable[[], str]] = MAKERS) -> str:
    """The page with each part made anew. Raises KeyError for a part that nothing makes."""
    return _PART.sub(lambda found: found[1] + makers[found[2]]() + found[3], text)


if __name__ == "__main__":
    for name in PAGES:
        path = ROOT / name
        path.write_text(renewed_page(path.read_text(encoding="utf-8")), encoding="utf-8")
