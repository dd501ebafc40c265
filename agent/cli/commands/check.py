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
    send_test_notice: Annotated[
        bool, typer.Option("--send-test-notice", help="Send a message marked as a test over each channel of `notice`.")
    ] = False,
    channel: Annotated[
        list[str] | None,
        typer.Option("--channel", help="With --send-test-notice: only over this channel; can be given several times."),
    ] = None,
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

    if channel and not send_test_notice:
        raise typer.BadParameter("it is used with --send-test-notice", param_hint="--channel")
    quiet()
    test_notices = (channel or []) if send_test_notice else None
    findings = examine(
        config,
        offline=offline,
        send_test_event=send_test_event,
        install_templates=install_templates,
        test_notices=test_notices,
    )
    raise typer.Exit(show(findings, out, as_json=as_json))
