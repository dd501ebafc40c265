"""README.md: short, and what it shows is so."""

from __future__ import annotations

import pytest

from tests.documents.flow_picture import PICTURE, drawn, source
from tests.documents.made_parts import MAKERS, PAGES, parts_of, renewed_page
from tests.documents.pages import ROOT

LONGEST = 120
"""Lines of README.md."""


def test_the_readme_is_short() -> None:
    """What is longer belongs into docs/."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("name", PAGES)
def test_what_the_code_makes_of_a_page_is_what_stands_there(name: str) -> None:
    """The alert, and a sample of each wire format. If this fails: `make samples`, and read the difference."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert renewed_page(text) == text


def test_each_part_that_is_made_stands_on_a_page() -> None:
    """And once: no part is made for nobody."""
    found = [part for name in PAGES for part in parts_of((ROOT / name).read_text(encoding="utf-8"))]
    assert sorted(found) == sorted(MAKERS)


def test_a_part_is_made_anew_and_what_stands_around_it_stays() -> None:
    """So that the test above can fail; a part that nothing makes is an error."""
    page = "a\n<!-- made: alert -->\nold\n<!-- /made -->\nb\n"
    assert renewed_page(page, {"alert": lambda: "new \\1\n"}) == page.replace("old", "new \\1")
    with pytest.raises(KeyError):
        renewed_page(page, {})


def test_the_picture_is_what_its_text_draws() -> None:
    """If this fails: `make picture`, and look at it."""
    assert PICTURE.read_text(encoding="utf-8") == drawn(source())


def test_an_arrow_to_a_box_that_is_not_there_is_an_error() -> None:
    """A slip in the text is no picture without an arrow."""
    text = source()
    with pytest.raises(KeyError, match="nowhere"):
        drawn(text | {"arrows": [["org", "nowhere"]]})
