"""Whether a command of a document is one that `leakline` takes: its name, its options and how many arguments it has.

Nothing is run. Paths need not be there, `…` or `-c FILE` may stand for what a reader writes, and a value may be missing.
"""

from __future__ import annotations

import re
import shlex
from typing import Any

import typer

from agent.cli.app import app

_ROOT: Any = typer.main.get_command(app)
"""A group of click, whichever package it comes from."""
_OPTIONAL = re.compile(r"\[[^\]]*\]")


def mistake(line: str) -> str:
    """What is wrong with `leakline …`, or nothing.

    `leakline check -c …` is fine, and so is `leakline` or `leakline rules` alone. Parts in square brackets are looked at too.
    """
    words = shlex.split(_OPTIONAL.sub(lambda part: part[0][1:-1], line).replace("…", " PLACE").split("#")[0])
    command, rest, way = _ROOT, words[1:], "leakline"
    while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
        word, *rest = rest
        below = command.commands.get(word)
        if below is None:
            return "" if word == "PLACE" else f"`{way}` has no command `{word}`"
        command, way = below, f"{way} {word}"
    return _wrong_option(command, rest, way)


def _wrong_option(command: Any, rest: list[str], way: str) -> str:
    options = {name: option for option in command.params for name in (*option.opts, *option.secondary_opts)}
    arguments = [option for option in command.params if option.param_type_name == "argument"]
    given = 0
    while rest:
        word, *rest = rest
        name, equals, _ = word.partition("=")
        if not word.startswith("-") or word == "-":
            given += word != "PLACE"
        elif name == "--help":
            continue
        elif name not in options:
            return f"`{way}` has no option `{name}`"
        elif not options[name].is_flag and not equals:
            rest = rest[1:]
    if given and not arguments:
        return f"`{way}` takes no arguments"
    return ""
