"""A notice as a document: Markdown to paste, or lines for a terminal.

What fields say is data: in Markdown each is an indented block, in which nothing is markup; on a terminal nothing steers it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from agent.terminal import printable, words
from agent.wording.moment import utc

MISSING = "MISSING"
EMPTY = "-"


def markdown(found: Mapping[str, Any]) -> str:
    """`found`: what `notices_show` answers."""
    parts = [f"# Notice {_plain(found['obligation'])}", *(_block(line) for line in _head(found))]
    for section, entries in _sections(found):
        parts.append(f"## {section}")
        for entry in entries:
            parts += [f"### {_plain(entry['title'])}", _block(_value(entry) + _mark(entry))]
    for title, lines in _end(found):
        parts += [f"## {title}", *(_block(line) for line in lines)]
    return "\n\n".join(parts)


def text_lines(found: Mapping[str, Any]) -> Iterator[Text]:
    """A line each; a field of several lines has as many."""
    yield words(f"Notice {found['obligation']}", "bold")
    yield from map(words, _head(found))
    for section, entries in _sections(found):
        yield words("")
        yield words(section, "bold")
        for entry in entries:
            first, *rest = (_value(entry) + _mark(entry)).split("\n")
            style = "yellow" if entry["needed"] and (not entry["text"] or entry["estimated"]) else ""
            yield words(f"  {entry['title']} [{entry['id']}]: ") + words(first, style)
            yield from (words(f"    {line}", style) for line in rest)
    for title, lines in _end(found):
        yield words("")
        yield words(title, "bold")
        yield from (words(f"  {line}") for line in lines)


def _head(found: Mapping[str, Any]) -> list[str]:
    version = found["version"]
    stored = bool(version["number"])
    what = f"Version {version['number']}" if stored else "A preview, not drafted yet"
    kind = "a new notice" if version["kind"] == "new" else f"a follow-up of version {version['follows']}"
    lines = [
        found["statement"],
        f"{what}, {kind}, {version['completeness']}; for incident {found['incident']}, to {found['recipient']}",
    ]
    if stored:
        lines += [f"By {version['by']} at {_utc(version['at'])}; SHA-256 {found['digest']}"]
    if found["due"]:
        lines += [f"Due before {_utc(found['due'])}"]
    signers = [sign for sign in found["sign_offs"] if stored and sign["digest"] == found["digest"]]
    lines += [f"Signed off by {sign['by']} at {_utc(sign['at'])}" for sign in signers]
    if stored and not signers:
        lines += ["No sign-off"]
    return lines


def _sections(found: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[Mapping[str, Any]]]]:
    for id_, title in found["sections"].items():
        if entries := [entry for entry in found["version"]["entries"] if entry["section"] == id_]:
            yield title, entries


def _end(found: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    if found["missing"]:
        yield "What is missing", [f"{entry['title']}: {' or '.join(entry['how'])}" for entry in found["missing"]]
    if found["follow_up"]["given"] or found["follow_up"]["open"]:
        given = [f"given now: {id_}" for id_ in found["follow_up"]["given"]]
        yield (
            "What the notice that was sent did not have",
            given + [f"still missing: {id_}" for id_ in found["follow_up"]["open"]],
        )
    if found["changes"]:
        signed = any(sign["digest"] == found["digest"] for sign in found["sign_offs"])
        title = "This version differs from what is known now" + (", although it is signed off" if signed else "")
        yield (
            title,
            [f"{change['title']}: {_shown(change['then'])} → {_shown(change['now'])}" for change in found["changes"]],
        )
    if found["submissions"]:
        yield "What was sent", [_sent(submission) for submission in found["submissions"]]


def _sent(submission: Mapping[str, Any]) -> str:
    over = f" over {submission['channel']}" if submission["channel"] else ""
    why = f" ({submission['reason']})" if submission["reason"] else ""
    return (
        f"version {submission['version']} at {_utc(submission['at'])}{over}, receipt {submission['receipt']}, "
        f"recorded by {submission['by']}{why}"
    )


def _value(entry: Mapping[str, Any]) -> str:
    return str(entry["text"]) or (MISSING if entry["needed"] else EMPTY)


def _mark(entry: Mapping[str, Any]) -> str:
    return " (estimated, to be confirmed)" if entry["estimated"] and entry["text"] else ""


def _shown(text: str) -> str:
    return " ".join(text.split()) or EMPTY


def _block(text: str) -> str:
    """Indented by four columns: whatever is in it is text. Lines are those that any renderer sees."""
    return "\n".join(f"    {line}" for line in printable(text).split("\n"))


def _plain(text: str) -> str:
    """A title of ours or of the signed pack, in one line."""
    return " ".join(printable(text).split())


def _utc(text: str) -> str:
    return utc(datetime.fromisoformat(text))
