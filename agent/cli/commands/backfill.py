"""`leakline backfill`: the past of an org, which was there before Leakline was."""

from __future__ import annotations

from typing import Annotated

import typer

from agent.cli.commands.options import DEFAULT_PATH, AsJson, Config, load, wrong_usage
from agent.cli.output.console import err, out, quiet


def backfill(
    config: Config = DEFAULT_PATH,
    since: Annotated[
        str,
        typer.Option(metavar="TIME", help="From when on: 2026-03-01, 2026-03-01T12:00:00Z, or 30d for 30 days ago."),
    ] = "",
    until: Annotated[
        str, typer.Option(metavar="TIME", help="Up to when; now unless given. What is read live is never read again.")
    ] = "",
    org: Annotated[str, typer.Option(metavar="NAME", help="Only this org; all of them unless given.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it costs, and end.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End the backfill that is running.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read what happened before Leakline was installed: first what it costs in API calls, then how far it is.

    It runs in the daemon where one is running: Ctrl-C ends this command, and the backfill continues. Without a daemon it
    runs here, and Ctrl-C pauses it: the same command, or the next start of the daemon, continues it.
    """
    if not stop and not since:
        wrong_usage("--since is missing; write a time, such as --since 30d")
    from agent.cli.output.backfill import Backfilling
    from agent.daemon.backfill.span import BackfillSpan
    from agent.daemon.clock import utc_now

    quiet()
    settings = load(config)
    names = [known.name for known in settings.orgs if org in ("", known.name)]
    if not names:
        wrong_usage(f"{org} is not an org of the settings; write one of {', '.join(o.name for o in settings.orgs)}")
    work = Backfilling(settings, names, out, err, as_json=as_json)
    if stop:
        raise typer.Exit(work.stop())
    raise typer.Exit(work.run(BackfillSpan.of(since, until, utc_now()), dry_run=dry_run))
