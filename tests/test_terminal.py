"""Texts from outside on a terminal: every character is seen, none does anything."""

from __future__ import annotations

import io
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from agent.redaction.redaction import MARK, register
from agent.terminal import Terminal, paragraph, printable, words


def shown(*objects: object, **options: Any) -> str:
    """What a terminal of 100 columns would get."""
    out = io.StringIO()
    Terminal(file=out, width=100).print(*objects, soft_wrap=True, **options)
    return out.getvalue()


@given(st.text(st.characters(exclude_categories=[])))
def test_nothing_steers_the_terminal(text: str) -> None:
    """Of control and format characters only tab and line feed are left; doing it twice changes nothing."""
    clean = printable(text)
    assert not {unicodedata.category(letter) for letter in clean if letter not in "\t\n"} & {"Cc", "Zl", "Zp", "Cs"}
    assert not {unicodedata.bidirectional(letter) for letter in clean} & {
        "LRE",
        "RLE",
        "PDF",
        "LRO",
        "RLO",
        "LRI",
        "RLI",
        "FSI",
        "PDI",
    }
    assert printable(clean) == clean


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[2J\x07\x7f", r"\x1b[2J\x07\x7f"),
        ("\x9b2J", r"\x9b2J"),
        ("user\u202etxt.exe", r"user\u202etxt.exe"),
        ("a\u200bb\u2028c\ufeff", r"a\u200bb\u2028c\ufeff"),
        ("\U000e0041", r"\U000e0041"),
        ("\ud83d", r"\ud83d"),
        ("Zoë Müller 李 🙂\tx\n", "Zoë Müller 李 🙂\tx\n"),
    ],
)
def test_what_is_escaped_can_be_read(text: str, expected: str) -> None:
    """As the escapes that programmers know; letters of any language stay."""
    assert printable(text) == expected


def test_whatever_is_printed_is_escaped() -> None:
    """A plain string, a styled text, a cell and a heading: no caller has to think of it."""
    table = Table("a\x1b[31m")
    table.add_row("b\x1b[2J")
    table.add_row(Text("c\x9b2J"))
    out = shown("d\x1b]0;x\x07", Text("e\x1b[1A"), table)
    assert "\x1b" not in out
    assert "\x9b" not in out
    assert [r"\x1b]0;x\x07" in out, r"\x1b[1A" in out, r"\x1b[31m" in out, r"\x1b[2J" in out, r"\x9b2J" in out] == [
        True
    ] * 5


def test_brackets_and_colons_are_plain_text() -> None:
    """What looks like markup or an emoji code stands there as it came."""
    text = "[red]x[/] [/nothing] status [500] :warning: [link=https://x]y[/link]"
    assert shown(text) == text + "\n"
    table = Table(box=None, pad_edge=False)
    table.add_column("x", no_wrap=True)
    table.add_row(text)
    assert text in shown(table)


def test_text_of_one_line_has_one_line() -> None:
    """A line feed from outside makes up no second line of `status`."""
    assert shown(words("x\nok  all is well")) == "x\\nok  all is well\n"


def test_no_secret_reaches_a_terminal() -> None:
    """Even where nobody redacted it before."""
    register("hunter2!hunter2!")
    assert shown("said hunter2!hunter2!", Text("x hunter2!hunter2! x")) == f"said {MARK} x {MARK} x\n"


def test_a_sentence_is_broken_between_words_on_a_terminal_alone() -> None:
    """There its next lines are further in, and what is longer than a line but one word, or one command, stays whole; a pipe
    gets one line.
    """
    text = f"WARN subject: one two three https://example.com/{'x' * 30} end `leakline problems list -c x`"
    printed = {}
    for terminal in (True, False):
        console = Terminal(file=io.StringIO(), width=30, force_terminal=terminal, color_system=None)
        paragraph(console, words(text), indent=4)
        assert isinstance(console.file, io.StringIO)
        printed[terminal] = console.file.getvalue()
    assert printed[False] == f"{text}\n"
    assert printed[True].splitlines() == [
        "WARN subject: one two",
        "    three",
        f"    https://example.com/{'x' * 30}",
        "    end",
        "    `leakline problems list -c x`",
    ]
