"""The documents that people write, read as Markdown: code blocks, links, headings, and the commands within sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]

_TITLE = re.compile(r'title="([^"]+)"')
_MARKUP = re.compile(r"[^\w\- ]")
"""What GitHub leaves out of a heading's anchor."""


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A fenced or indented block. `language` is empty where none is named, `title` is the file that the block stands for."""

    language: str
    title: str
    text: str
    line: int
    """Of the page, 1 for its first one."""
    answers: CodeBlock | None = None
    """The block right before this one, with nothing but a sentence between."""


@dataclass(frozen=True, slots=True)
class Link:
    """`target` as it is written: an address, a path with or without an anchor, or an anchor alone."""

    target: str
    line: int


@dataclass(frozen=True)
class Page:
    """One file of Markdown below the repository's root."""

    path: Path

    @property
    def name(self) -> str:
        """The path from the repository's root on."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def _tokens(self) -> list[Token]:
        return MarkdownIt("commonmark").enable("table").parse(self.text)

    @cached_property
    def blocks(self) -> list[CodeBlock]:
        """All code blocks, in order."""
        found: list[CodeBlock] = []
        before: CodeBlock | None = None
        for token in self._tokens:
            if token.type == "heading_open":
                before = None
            if token.type in ("fence", "code_block"):
                language, _, rest = token.info.strip().partition(" ")
                title = _TITLE.search(rest)
                number = (token.map or [0])[0] + 1
                before = CodeBlock(language, title[1] if title else "", token.content, number, before)
                found.append(before)
        return found

    @cached_property
    def links(self) -> list[Link]:
        """Links and pictures."""
        return [
            Link(str(child.attrs.get("href") or child.attrs.get("src")), number)
            for child, number in self._children()
            if child.type in ("link_open", "image")
        ]

    @cached_property
    def code_words(self) -> list[tuple[str, int]]:
        """What stands between backticks within sentences, with its line."""
        return [(child.content, number) for child, number in self._children() if child.type == "code_inline"]

    @cached_property
    def anchors(self) -> set[str]:
        """What a link may name behind `#`, as GitHub makes it of headings."""
        anchors: set[str] = set()
        seen: Counter[str] = Counter()
        for opening, token in zip(self._tokens, self._tokens[1:], strict=False):
            if opening.type == "heading_open":
                words = "".join(
                    child.content for child in token.children or () if child.type in ("text", "code_inline")
                )
                anchor = _MARKUP.sub("", words.lower()).replace(" ", "-")
                anchors.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
                seen[anchor] += 1
        return anchors

    def _children(self) -> Iterator[tuple[Token, int]]:
        for token in self._tokens:
            if token.type == "inline":
                for child in token.children or ():
                    yield child, (token.map or [0])[0] + 1


def pages() -> list[Page]:
    """README.md, CONTRIBUTING.md, CHANGELOG.md, what lies under docs, and the two pages beside rules and mappings."""
    top = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "rules/README.md", "rules/MEASURED.md", "mappings/README.md")
    return [Page(path) for path in (*(ROOT / name for name in top), *sorted((ROOT / "docs").rglob("*.md")))]
