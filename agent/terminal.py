r"""What a person is shown on a terminal: no text from outside can steer it.

`Terminal` is the console of all commands. Square brackets are plain text in it, styles come from `rich.text.Text`
alone, and control characters are shown as `\x1b` whoever prints them and in whatever they are wrapped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rich.cells import cell_len
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


_WORD = re.compile(r"\S*`[^`]+`\S*|\S+")
"""A command between backticks is one word: whoever copies it wants it whole."""


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


def paragraph(console: Console, text: Text, indent: int = 0) -> None:
    """Prints a sentence: on a terminal broken between words, `indent` columns further in from the second line on;
    elsewhere, as in a file or a pipe, as one line. A word longer than a line, such as a URL, stays whole.
    """
    if not console.is_terminal:
        console.print(text, soft_wrap=True)
        return
    for number, line in enumerate(text.divide(_breaks(text.plain, max(20, console.width - indent)))):
        line.rstrip()
        console.print(Text(" " * indent * (number > 0)) + line, soft_wrap=True)


def _breaks(text: str, width: int) -> list[int]:
    """Where lines of at most `width` columns begin, without the first; all begin with a word."""
    starts = [0]
    for word in _WORD.finditer(text):
        if word.start() > starts[-1] and cell_len(text[starts[-1] : word.end()]) > width:
            starts.append(word.start())
    return starts[1:]


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
