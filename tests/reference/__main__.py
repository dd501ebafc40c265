"""`make reference`: writes the pages of docs/reference, the man page and the completions, from the code."""

from __future__ import annotations

from tests.reference.pages import PAGES, ROOT

for path, page in PAGES.items():
    (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
    (ROOT / path).write_text(page(), encoding="utf-8")
