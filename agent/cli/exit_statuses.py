"""What each command ends with, as its help, the man page and docs/reference say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import typer

from agent.exit_status import FAILED, FINE, FOUND, INTERRUPTED, WRONG_CONFIGURATION, WRONG_USAGE

EVERYWHERE: Mapping[int, str] = {
    WRONG_USAGE: "The command was called wrongly: an unknown option, or options that exclude each other.",
    FAILED: "It failed, or cannot tell: the message says why and what to do.",
    WRONG_CONFIGURATION: "The settings file is wrong.",
    INTERRUPTED: "It was interrupted (Ctrl-C).",
}
"""What any command may end with; what `BY_COMMAND` says of a command counts before these."""

BY_COMMAND: Mapping[str, Mapping[int, str]] = {
    "run": {
        FINE: "It received a signal to stop, and stopped.",
        FAILED: "An error ended it, it did not stop in time, or it received a second signal. systemd starts it again.",
        WRONG_CONFIGURATION: "The settings are wrong, no org loads, or the state is damaged: systemd does not start it again.",
    },
    "reload": {
        FINE: "Everything loaded.",
        FOUND: "A file did not load and its previous version is in use, an org does not stop, or a setting needs a restart.",
        FAILED: "No daemon runs.",
    },
    "check": {FINE: "Nothing is wrong.", FOUND: "Something is wrong."},
    "status": {
        FINE: "All is well.",
        FOUND: "Something is wrong now or waits for a person; a daemon that does not run is wrong too.",
        FAILED: "It cannot tell: the daemon does not answer, this user may not ask it, or the state cannot be read.",
        WRONG_CONFIGURATION: "The settings file is wrong.",
    },
    "backfill": {
        FINE: "Everything is read, or the cost is said.",
        FOUND: "The backfill was stopped before its end; or, with `--stop`, none was running.",
        FAILED: "It failed, or cannot tell: the org has nothing of that time, or the state is in use, say.",
        INTERRUPTED: "It was interrupted (Ctrl-C): with a daemon it continues there, without one it is paused.",
    },
    "normalize": {FINE: "Every row was written.", FOUND: "A record was malformed and left out."},
    "hunt": {FINE: "No alert.", FOUND: "There are alerts.", FAILED: "A file could not be read, or no rule was loaded."},
    "demo": {
        FINE: "Every event arrived unaltered, and every planted leak was found.",
        FOUND: "Something is missing.",
    },
    "simulate": {FINE: "It received a signal to stop.", WRONG_USAGE: "An option is wrong, or the port is taken."},
    "rules list": {FINE: "Every rule loaded.", FOUND: "A rule did not load, or nothing was there."},
    "rules lint": {FINE: "No errors; there may be warnings.", FOUND: "There are errors."},
    "rules test": {FINE: "Every sample holds.", FOUND: "A sample does not hold, or a rule has none."},
    "rules convert": {FINE: "Every rule has a query.", FOUND: "A rule has no query, or did not load."},
    "dead-letters list": {FINE: "There are none.", FOUND: "There are dead letters."},
    "dead-letters show": {FINE: "The file was shown."},
    "dead-letters replay": {FINE: "All will be sent again.", FOUND: "Some cannot be: they never became events, say."},
    "dead-letters drop": {FINE: "All were deleted.", FOUND: "Some are not, or you answered no."},
    "problems list": {FINE: "There are none.", FOUND: "There are open problems."},
    "problems acknowledge": {
        FINE: "It is acknowledged.",
        FAILED: "There is no such problem, or it ends only when its cause does.",
    },
    "state inspect": {FINE: "There is nothing to do.", FOUND: "`leakline state recover` has something to do."},
    "state recover": {
        FINE: "It is done, or there was nothing to do.",
        FAILED: "The daemon runs, or it cannot be done.",
    },
    "clocks list": {FINE: "The clocks were printed, whether any is late or not."},
    "oncall show": {FINE: "It was printed, whether a person is on call or not.", FAILED: "The time is not one."},
    "oncall override": {
        FINE: "The override is made, or ended.",
        FAILED: "A person, a rotation or an override is unknown, or the override is too long or has ended: the message says which.",
    },
    "oncall export": {FINE: "The calendar was printed."},
    "oncall maintenance": {
        FINE: "The maintenance window is open, or ended.",
        FAILED: "A window is open already, none is, or it is too long: the message says which.",
    },
    "incidents list": {FINE: "The incidents were printed.", FAILED: "A state or an origin is unknown."},
    "incidents show": {FINE: "The incident was printed.", FAILED: "There is no such incident."},
    "incidents acknowledge": {
        FINE: "It is acknowledged.",
        FAILED: "There is no such incident, or it is acknowledged or has ended.",
    },
    "incidents assign": {FINE: "It is assigned.", FAILED: "There is no such incident, or it has ended."},
    "incidents comment": {
        FINE: "The comment is recorded.",
        FAILED: "There is no such incident, or the text cannot be recorded.",
    },
    "incidents anchor": {
        FINE: "The anchors are recorded.",
        FAILED: "An anchor cannot be, or a later time has no basis.",
    },
    "incidents fact": {FINE: "The facts are recorded.", FAILED: "A fact is unknown, or a value is not one of it."},
    "incidents decide": {
        FINE: "The decision is recorded.",
        FAILED: "It is not possible from its state, or a reason, a receipt or an approver is missing.",
    },
    "incidents merge": {FINE: "They are one incident.", FAILED: "They cannot be one: the message says why."},
    "incidents split": {
        FINE: "The alerts are an incident of their own.",
        FAILED: "They cannot be split off: the message says why.",
    },
    "incidents snooze": {FINE: "It is put aside.", FAILED: "The time is over, or too far away."},
    "incidents close": {FINE: "It is closed.", FAILED: "An obligation is open: the message names it."},
    "notices list": {FINE: "The obligations were printed, whatever is missing."},
    "notices draft": {
        FINE: "A new version is stored, whatever it is missing.",
        FAILED: "A field is unknown or too long, or the notice was sent and no follow-up was asked for.",
    },
    "notices show": {FINE: "The notice was printed.", FAILED: "There is no such incident, obligation or version."},
    "notices sign": {FINE: "The version is signed off.", FAILED: "It is not the latest, or you signed it before."},
    "notices sent": {
        FINE: "It is recorded as sent, and its clock ends.",
        FAILED: "There is no draft, a time cannot be, or it is recorded as sent already.",
    },
    "notices not-applicable": {FINE: "It is recorded.", FAILED: "The incident has ended, or does not owe it."},
    "clocks due": {FINE: "The deadlines were printed.", WRONG_USAGE: "An anchor, a fact, a role or a zone cannot be."},
    "regimes list": {FINE: "The regimes were printed."},
    "regimes show": {FINE: "The regime was printed.", WRONG_USAGE: "There is no such regime."},
    "regimes verify": {FINE: "The pack is accepted.", FOUND: "It is refused: the message says why."},
    "changes list": {
        FINE: "They were printed, or there are none.",
        FAILED: "The daemon does not answer, or does not allow it: it says why.",
    },
    "changes show": {FINE: "It was printed.", FAILED: "The daemon does not answer, or does not allow it: it says why."},
    "changes propose": {
        FINE: "It was proposed.",
        FAILED: "The daemon does not answer, or does not allow it: it says why.",
    },
    "changes break-glass": {
        FINE: "It is in force.",
        FAILED: "The daemon does not answer, or does not allow it: it says why.",
    },
    "changes end-break-glass": {
        FINE: "The settings before it are in force again.",
        FAILED: "The daemon does not answer, or does not allow it: it says why.",
    },
    "changes approve": {
        FINE: "The vote counts.",
        FAILED: "The daemon does not answer, or does not allow it: it says why.",
    },
    "changes reject": {
        FINE: "The change is rejected.",
        FAILED: "The daemon does not answer, or does not allow it: it says why.",
    },
    "changes withdraw": {
        FINE: "It is withdrawn.",
        FAILED: "The daemon does not answer, or does not allow it: it says why.",
    },
    "drill list": {
        FINE: "They were printed.",
        FAILED: "The daemon does not answer, or does not allow it: it says why.",
    },
    "drill run": {
        FINE: "It passed.",
        FOUND: "It failed: the stages say where.",
        FAILED: "It could not be asked for: it says why.",
    },
    "drill status": {
        FINE: "Every scenario that ran has passed last, and none is overdue.",
        FOUND: "One failed last, or is overdue.",
        FAILED: "The daemon does not answer, or does not allow it: it says why.",
    },
    "trail verify": {FINE: "Every record is as it was written.", FOUND: "Something was changed or cut: it says what."},
    "trail export": {FINE: "The files have the whole trail.", FAILED: "A file has something else than the trail."},
    "trail prove": {FINE: "The proof was printed.", FAILED: "There is no such record, or no checkpoint covers it yet."},
    "trail checkpoint": {FINE: "The newest checkpoint was printed."},
    "trail erase": {
        FINE: "What stood beside the records was erased.",
        FAILED: "Nothing personal is kept beside records of that object.",
    },
    "trail new-key": {FINE: "The key was printed."},
    "schema settings": {FINE: "The schema was printed."},
    "schema org": {FINE: "The schema was printed."},
    "schema mapping": {FINE: "The schema was printed."},
    "schema rule": {FINE: "The schema was printed."},
    "schema status": {FINE: "The schema was printed."},
}
"""By the command, without `leakline`. What is not here is as `EVERYWHERE` says."""


def epilog(command: str) -> str:
    """The lines below the options in the help of a command; each status is a paragraph."""
    lines = [f"{status}: {meaning}" for status, meaning in BY_COMMAND[command].items()]
    return "\n\n".join(["Exit status:", *lines])


def add_epilogs(app: typer.Typer, before: str = "") -> None:
    """Put the exit statuses into the help of every command of `app` and of the groups in it."""
    for command, info in _commands(app, before):
        info.epilog = epilog(command)


def _commands(app: typer.Typer, before: str) -> Iterator[tuple[str, typer.models.CommandInfo]]:
    for info in app.registered_commands:
        name = info.name or getattr(info.callback, "__name__", "")
        yield f"{before}{name}", info
    for group in app.registered_groups:
        if group.typer_instance is not None:
            yield from _commands(group.typer_instance, f"{before}{group.name} ")
