"""packaging/completions: what `leakline --show-completion` prints, for packages to install."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from typer.testing import CliRunner

from agent.cli.app import Shell, app

NAMES = {"bash": "leakline.bash", "zsh": "_leakline", "fish": "leakline.fish"}
"""As each shell looks for them."""


def script_of(shell: str) -> Callable[[], str]:
    """What makes the completion of a shell."""

    def script() -> str:
        return CliRunner().invoke(app, ["--show-completion", shell], prog_name="leakline").stdout

    return script


FILES = {f"packaging/completions/{NAMES[shell]}": script_of(shell) for shell in get_args(Shell)}
