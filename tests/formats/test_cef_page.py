from __future__ import annotations

from tests.formats.cef_page import PAGE, page


def test_the_page_says_what_the_code_does() -> None:
    """If this fails: `make cef-page`, and read the difference."""
    assert PAGE.read_text(encoding="utf-8") == page()
