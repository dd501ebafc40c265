r"""What a person is shown on a terminal: no text from outside can steer it.

`Terminal` is the console of all commands. Square brackets are plain text in it, styles come from `rich.text.Text`
alone, and control characters are shown as `\x1b` whoever prints them and in whatever they are wrapped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from agent.redaction.redaction import redact

_UNPRINTABLE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and line feed, DEL, C1
    "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # invisible, or turning the direction
    "\u2028\u2029\ufff9-\ufffb"  # line ends that are none, annotations
    "\U000e0000-\U000e007f"  # tags: ASCII that nobody sees
    "\ud800-\udfff"  # halves of a character: they cannot be written
    "]"
)


def printable(text: str) -> str:
    r"""`text` with control characters, C1, changes of direction and invisible characters as `\x1b`, `\u202e`.

    Tabs and line feeds stay. Doing it twice changes nothing.
    """
    return _UNPRINTABLE.sub(_escape, text)


def words(text: str, style: str = "") -> Text:
    r"""Text from outside that has one line, whatever is in it: a line feed is shown as `\n`, so that no second line can
    be made up. Its width is that of what is shown, as the cells of a table need it.
    """
    return Text(printable(redact(text)).replace("\n", "\\n"), style)


class Terminal(Console):
    """A console for texts from anywhere: no markup, no emoji codes, no highlighting, nothing that is not printable."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"markup": False, "emoji": False, "highlight": False, **options})

    def render_str(self, text: str, **options: Any) -> Text:
        """Plain strings, printed or in a table: escaped before their width is measured."""
        return super().render_str(printable(redact(text)), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """All else; nothing is written that has not come through here."""
        for segment in super().render(renderable, options):
            if segment.control:  # rich's own: the cursor of a progress bar
                yield segment
            else:
                yield Segment(printable(redact(segment.text)), segment.style)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
