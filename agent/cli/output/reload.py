"""What `leakline reload` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from agent.terminal import words
from agent.wording.number import counted


def show(answer: Mapping[str, Any], out: Console) -> None:
    """`answer`: as `DaemonCommands.reload` gives it. First what is not as it is written, then a line for each org that is
    another one than before, and the sum.
    """
    for message in answer["not_loaded"]:
        out.print(words(message, "red"), soft_wrap=True)
    for org in answer["orgs"]:
        if org["message"]:
            out.print(words(f"{org['org']}: {org['result']}: {org['message']}", "red"), soft_wrap=True)
        elif org["result"] != "unchanged":
            out.print(words(f"{org['org']}: {org['result']}", ""), soft_wrap=True)
    if answer["restart_for"]:
        keys = ", ".join(f"`{key}`" for key in answer["restart_for"])
        out.print(words(f"not in use before a restart of the daemon: {keys}", "red"), soft_wrap=True)
    out.print(_sum(answer), soft_wrap=True)


def _sum(answer: Mapping[str, Any]) -> str:
    left, results = answer["not_loaded"], Counter(org["result"] for org in answer["orgs"])
    kinds = ", ".join(f"{count} {result}" for result, count in sorted(results.items()))
    orgs = f"; {counted(len(answer['orgs']), 'org')} ({kinds})" if results else ""
    loaded = counted(len(left), "file") + " did not load" if left else "everything loaded"
    return f"{counted(answer['rules'], 'rule')}{orgs}; {loaded}"
