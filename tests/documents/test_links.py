"""Every link in README and the documents leads somewhere."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.documents.pages import ROOT, Page, pages

PAGES = {page.name: page for page in pages()}


def broken(page: Page, target: str) -> str:
    """Why a link leads nowhere, or nothing. Addresses elsewhere are looked at and not asked for."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return "" if parts.scheme in ("https", "mailto") and (parts.netloc or parts.path) else "it is not an address"
    path = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
    if not path.is_relative_to(ROOT) or not path.exists():
        return "there is no such file"
    if parts.fragment and (path.suffix != ".md" or parts.fragment not in Page(path).anchors):
        return "there is no such heading"
    return ""


@pytest.mark.parametrize("name", PAGES)
def test_each_link_leads_to_a_file_and_to_a_heading_of_it(name: str) -> None:
    """Without asking the network."""
    page = PAGES[name]
    found = [
        f"{name}:{link.line}: {link.target}: {broken(page, link.target)}"
        for link in page.links
        if broken(page, link.target)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("none.md", "there is no such file"),
        ("../../etc/passwd", "there is no such file"),
        ("README.md#none", "there is no such heading"),
        ("Makefile#demo", "there is no such heading"),
        ("https:", "it is not an address"),
        ("README.md#two-commands", ""),
        ("#licence", ""),
    ],
)
def test_a_link_that_leads_nowhere_is_seen(target: str, words: str) -> None:
    """So that the test above can fail."""
    assert broken(PAGES["README.md"], target) == words


def test_headings_have_the_anchors_that_github_makes(tmp_path: Path) -> None:
    """Lower case, without punctuation, a number behind what is there already."""
    path = tmp_path / "page.md"
    path.write_text("# What it is: `leakline run`!\n\n## Do\n\n## Do\n")
    assert Page(path).anchors == {"what-it-is-leakline-run", "do", "do-1"}


def test_every_page_can_be_reached_from_the_readme() -> None:
    """By links, one after another: nobody has to know the name of a file."""
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path not in reached and path.suffix == ".md":
            reached.add(path)
            targets = [urlsplit(link.target) for link in Page(path).links]
            waiting += [
                (path.parent / unquote(part.path)).resolve() for part in targets if part.path and not part.scheme
            ]
    assert {page.path for page in pages()} - reached == set()
