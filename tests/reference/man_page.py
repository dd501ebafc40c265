"""packaging/leakline.1, the man page, from the commands. Ours, because the generators that there are read argparse or
click, and typer brings a click of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from agent.cli.commands.options import DEFAULT_PATH
from agent.cli.exit_statuses import BY_COMMAND, EVERYWHERE
from agent.config.settings import StateSettings
from tests.reference.command_tree import CommandHelp, commands

DESCRIPTION = (
    "Leakline reads the event logs of Salesforce orgs, evaluates Sigma rules on the host, and forwards events and alerts to"
    " Splunk, Elasticsearch, OpenSearch, syslog or files. `leakline run` is the daemon; the other commands look at it, set it"
    " right, or work on files at rest. Each command has `--help`."
)

FILES = {
    str(DEFAULT_PATH): "The settings, unless `--config` names others.",
    str(StateSettings().directory): "The state: what must survive a restart, and what waits for destinations.",
    str(StateSettings().socket()): "Where commands find the daemon.",
}


def page() -> str:
    """The whole page, in the man macros."""
    whole, *members = commands()
    lines = [
        '.\\" Written by `make reference` from the code; do not edit it.',
        '.TH LEAKLINE 1 "" "Leakline" "User Commands"',
        ".SH NAME",
        "leakline \\- watch Salesforce orgs for data leaks",
        ".SH SYNOPSIS",
        *(
            f".B leakline {_text(command.path)}\n{_text(command.usage)}\n.br"
            for command in members
            if not command.is_group
        ),
        ".SH DESCRIPTION",
        *_paragraphs(DESCRIPTION),
        ".SH OPTIONS",
        *_parameters(whole),
        ".SH COMMANDS",
        *(line for command in members for line in _command(command)),
        ".SH EXIT STATUS",
        "Any command may end with one of these, unless it says otherwise above.",
        *_listed((str(status), meaning) for status, meaning in EVERYWHERE.items()),
        ".SH FILES",
        *_listed(FILES.items()),
        ".SH SEE ALSO",
        "The settings, the rules, operating and upgrading are described in the folder docs of the source.",
    ]
    return "\n".join(lines) + "\n"


def _command(command: CommandHelp) -> Iterator[str]:
    if command.is_group:
        return
    yield f'.SS "leakline {_text(command.path)}"'
    yield from _paragraphs(command.help)
    yield from _parameters(command)
    yield from (".PP", "Exit status:")
    yield from _listed((str(status), meaning) for status, meaning in BY_COMMAND[command.path].items())


def _parameters(command: CommandHelp) -> Iterator[str]:
    yield from _listed(command.parameters)


def _listed(items: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A list of terms with their explanations."""
    for term, explanation in items:
        yield from (".TP", f".B {_text(term)}", _text(explanation) or "\\&")


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.split("\n\n")):
        yield from (".PP",) if number else ()
        yield _text(" ".join(paragraph.split()))


def _text(text: str) -> str:
    """Escaped; what stands between backticks is bold."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    escaped = re.sub("`([^`]*)`", r"\\fB\1\\fR", escaped)
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
