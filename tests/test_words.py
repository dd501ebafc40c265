"""Plain words in everything the program says: no phrase of the list below is in a text that a person reads.

A text is a string in agent, whatever becomes of it: a message, a hint, a log event, help, a cell of a table. Docstrings
of settings and of commands are texts too, for they are shown as help and as reference; other docstrings and comments are
not. The simulated org answers as Salesforce does and is left out, but for what it says as a command.
CONTRIBUTING has twenty examples under Words.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.imports import AGENT, FILES, name

INSTEAD: Mapping[str, str] = {
    r"(?<!there )\b(?:is|are|was) no (?!longer|more|later|shorter|larger)": "is not a",
    r"\b(?:knows?|holds?) no ": "does not have a",
    r"\bno (?:text|number|mapping|list) (?:there|and no)\b": "is not text there, is neither text nor a number",
    r"\bnobody\b|\bsomebody\b|\bwhoever\b": "the user, an attacker, no destination",
    r"\b(?:is|are|was|not|been) told\b|\btells? (?!apart)(?:of|it|that|whether|who|how|others)\b": "is reported, shows",
    r"\bstands? (?:here|there|still|twice|for|in|at|beside)\b": "is given, is stopped, means",
    r"\bmend(?:s|ed)?\b|\bto know about\b": "FAIL, WARN; repair, correct",
    r"\bto be had\b": "available",
    r"\b(?:is|be|are) heard\b": "is used",
    r"\banything lasts\b": "is too long",
    r"\b(?:it|them)sel(?:f|ves) then\b|\bby (?:it|them)sel(?:f|ves)\b": "it then continues, is tried again",
    r"\banew\b": "again",
    r"\b(?:goes|go|went) on\b": "continues",
    r"\bgo(?:es)? with (?!`)|\bgo together\b(?<!` go together)": "cannot be used with",
    r"\bt(?:akes?|ook) (?:nothing|no)\b": "accepts nothing",
    r"\btaken? (?:\S+ )?out\b|\bleave (?:it|them) out there\b": "remove",
    r"\bpass(?:es|ed)? over\b": "skips",
    r"\blet go of\b|\blets? us in\b": "delete; accepts the credentials",
    r"\b(?:is|are|be) gone\b": "is missing, was deleted",
    r"\b(?:problem|transaction|pass) is over\b": "ended",
    r"\bfrom before\b": "previous, old",
    r"\bin hand\b": "in progress",
    r"\bspeaks? (?:of|to|as)\b": "names, connects to",
    r"\b(?:it|they) stands?\b": "as it is",
    r"\b(?:is|are) wanted\b": "write, name",
    r"\bsays? nothing\b": "has no meaning",
    r"\bby the settings\b": "in the settings",
    r"\bno progress since\b": "has made no progress for",
    r"\ba fault of ours\b|\bended in a fault\b": "an internal error",
    r"\bwell again\b|\bmoves again\b": "works again, makes progress again",
    r"\b(?:open to|lies? beside)\b": "other users can open; there is … beside it",
}
"""What is not written (without regard to case), to what is written in its place."""

ANY = re.compile("|".join(INSTEAD), re.IGNORECASE)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of a file with their lines; of an f-string what is fixed, `{}` for each value."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)} - set(shown(tree, path))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            silent |= {id(part) for part in node.values}
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            yield node.lineno, node.value


def shown(tree: ast.AST, path: Path) -> Iterator[int]:
    """Ids of the docstrings that a person reads: of settings, of their keys, and of commands."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(bases=bases) if any(_is_settings(base) for base in bases):
                yield from (id(part.value) for part in node.body if isinstance(part, ast.Expr))
            case ast.FunctionDef(name=called, body=[ast.Expr(docstring), *_]) if not called.startswith("_"):
                if AGENT / "cli" / "commands" in path.parents:
                    yield id(docstring)


def _is_settings(base: ast.expr) -> bool:
    return isinstance(base, ast.Name) and base.id.endswith(("BaseModel", "Settings", "_Strict"))


def phrases(text: str) -> list[str]:
    """What is to be written in place of the phrases in a text."""
    if not ANY.search(text):
        return []
    return [instead for phrase, instead in INSTEAD.items() if re.search(phrase, text, re.IGNORECASE)]


def _says(path: Path) -> bool:
    return "simulator" not in path.parts or path.name in {"command.py", "faults.py", "simulator_settings.py"}


def test_nothing_is_said_in_a_phrase_of_the_list() -> None:
    """Each text of the program is free of them; what is found is shown with what to write."""
    found = [
        f"{name(path)}:{line}: {text!r}: write: {'; '.join(phrases(text))}"
        for path in FILES
        if _says(path)
        for line, text in texts(path)
        if phrases(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "5 is no number",
        "conditions know no key `x`",
        "hourly files are not to be had",
        "it goes on by itself then",
        "acme takes nothing",
        "`key` stands here twice",
        "nobody is told",
        "the version from before",
        "the rule speaks of `x`",
    ],
)
def test_a_phrase_of_the_list_is_found(text: str) -> None:
    """The list catches what messages said before it was made."""
    assert phrases(text)


def test_texts_are_found_wherever_they_are(tmp_path: Path) -> None:
    """Messages, f-strings and docstrings of settings are texts; other docstrings and comments are not."""
    path = tmp_path / "some.py"
    path.write_text(
        '"""The module is no text."""\n'
        "class Sink(DeliverySettings):\n"
        '    key: int = 1\n    """Where it stands."""\n'
        "def fail(key):\n"
        '    """Nor is this."""\n'
        '    raise ValueError(f"{key} is no {key}", "plain")  # nor this\n'
    )
    assert sorted(texts(path)) == [(4, "Where it stands."), (7, "plain"), (7, "{} is no {}")]
