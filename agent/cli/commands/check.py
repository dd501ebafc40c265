"""`leakline check`: what is wrong with an installation."""

from __future__ import annotations

from typing import Annotated

import typer

from agent.cli.commands.options import DEFAULT_PATH, AsJson, Config
from agent.cli.output.console import out, quiet


def check(
    config: Config = DEFAULT_PATH,
    offline: Annotated[bool, typer.Option("--offline", help="Check only what needs no connection.")] = False,
    send_test_event: Annotated[
        bool, typer.Option("--send-test-event", help="Send one marked event to each destination.")
    ] = False,
    install_templates: Annotated[
        bool,
        typer.Option(
            "--install-templates", help="Install the index template in Elastic or OpenSearch where it is missing."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check this installation: what is wrong, and what to do about it."""
    from agent.check.examine import examine
    from agent.check.findings_output import show

    quiet()
    findings = examine(config, offline=offline, send_test_event=send_test_event, install_templates=install_templates)
    raise typer.Exit(show(findings, out, as_json=as_json))
