"""`make picture`: draws docs/flow.svg from the boxes and arrows of docs/flow.yaml.

The ground is transparent, boxes are light with dark text, and what stands between boxes is of a grey that can be read on
white and on black.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import yaml

from tests.documents.pages import ROOT

SOURCE, PICTURE = ROOT / "docs" / "flow.yaml", ROOT / "docs" / "flow.svg"
ACROSS, DOWN = 208, 84
"""Pixels from one column, and from one row, to the next."""
WIDTH, HEIGHT, LINE, MARGIN = 168, 62, 15, 24
GREY, INK = "#6e7781", "#1f2328"
FILL = {"inside": "#ddf4ff", "outside": "#eaeef2"}
"""The colour of a box by its kind."""


@dataclass(frozen=True, slots=True)
class FlowBox:
    """A box by its upper left corner, in pixels."""

    x: float
    y: float
    text: Sequence[str]
    kind: str

    @property
    def middle(self) -> tuple[float, float]:
        return self.x + WIDTH / 2, self.y + HEIGHT / 2


def drawn(document: Mapping[str, Any]) -> str:
    """The picture as SVG. Raises KeyError for an arrow between boxes that are not there."""
    boxes = {name: _box(given) for name, given in document["boxes"].items()}
    width = max(box.x for box in boxes.values()) + WIDTH + MARGIN
    height = max(box.y for box in boxes.values()) + HEIGHT + MARGIN
    words = "; ".join(": ".join((box.text[0], " ".join(box.text[1:]))) for box in boxes.values())
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
            f'font-family="sans-serif" font-size="12" text-anchor="middle" role="img">'
        ),
        f"<title>{escape(words)}</title>",
        (
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
            f'<path d="M0 0 L8 4 L0 8 z" fill="{GREY}"/></marker></defs>'
        ),
        *_frame(document["frame"]),
        *(_arrow(boxes[start], boxes[end]) for start, end in document["arrows"]),
        *(line for box in boxes.values() for line in _drawn_box(box)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _box(given: Mapping[str, Any]) -> FlowBox:
    x, y = _place(given["column"], given["row"])
    return FlowBox(x, y, given["text"], given.get("kind", "inside"))


def _place(column: float, row: float) -> tuple[float, float]:
    return MARGIN + column * ACROSS, MARGIN + row * DOWN


def _frame(given: Mapping[str, Any]) -> Iterator[str]:
    (left, top), (right, bottom) = _place(*given["from"]), _place(*given["to"])
    x, y, edge = left - 12, top - 12, 24
    yield (
        f'<rect x="{x:g}" y="{y:g}" width="{right - left + WIDTH + edge:g}" height="{bottom - top + HEIGHT + edge:g}" '
        f'rx="10" fill="none" stroke="{GREY}" stroke-dasharray="5 4"/>'
    )
    yield f'<text x="{x + 12:g}" y="{y + 20:g}" text-anchor="start" fill="{GREY}">{escape(given["title"])}</text>'


def _arrow(start: FlowBox, end: FlowBox) -> str:
    (x, y), (to_x, to_y) = start.middle, end.middle
    if start.x == end.x:
        edge = HEIGHT / 2 if to_y > y else -HEIGHT / 2
        way = f"M{x:g} {y + edge:g} V{to_y - edge:g}"
    else:
        x, to_x = start.x + WIDTH, end.x
        half = (x + to_x) / 2
        way = f"M{x:g} {y:g} H{half:g} V{to_y:g} H{to_x:g}"
    return f'<path d="{way}" fill="none" stroke="{GREY}" stroke-width="1.5" marker-end="url(#head)"/>'


def _drawn_box(box: FlowBox) -> Iterator[str]:
    yield (
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{WIDTH}" height="{HEIGHT}" rx="6" '
        f'fill="{FILL[box.kind]}" stroke="{GREY}"/>'
    )
    x, y = box.middle
    first = y + 4 - (len(box.text) - 1) * LINE / 2
    for number, text in enumerate(box.text):
        weight = ' font-weight="bold"' if number == 0 else ""
        yield f'<text x="{x:g}" y="{first + number * LINE:g}" fill="{INK}"{weight}>{escape(text)}</text>'


def source() -> dict[str, Any]:
    """The boxes and arrows as they are written."""
    document: dict[str, Any] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    return document


if __name__ == "__main__":
    PICTURE.write_text(drawn(source()), encoding="utf-8")
