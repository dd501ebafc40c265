"""`leakline trail …`: what is verified, exported and proved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import orjson

from agent.cli.output.console import out, print_json
from agent.config.settings import Settings
from agent.daemon.clock import utc_now
from agent.daemon.trail.trail_access import stored_trail
from agent.daemon.trail.trail_export import write_export
from agent.errors import LeaklineError
from agent.exit_status import FINE, FOUND
from agent.name import OWN
from agent.trail.proof import NotProvable, proof
from agent.trail.received import note_in_line
from agent.trail.signing_key import public_keys
from agent.trail.verify import PROCESS, TrailReport, verify
from agent.wording.number import counted


def show_verified(settings: Settings, files: Sequence[Path], *, as_json: bool) -> int:
    """1 where something is not as it was written."""
    notes = [note for path in files for note in _notes(path)]
    with stored_trail(settings, utc_now) as trail:
        about = trail.about
        local = [about["checkpoint"]["note"]] if about["checkpoint"] else []
        chains = {name: partial(trail.lines, name) for name in about["chains"]}
        report = verify(chains, [*local, *notes], public_keys(about["keys"]), about["origin"])
    if as_json:
        print_json(_document(report))
    else:
        _print(report, len(notes))
    return FINE if report.whole else FOUND


def export(settings: Settings, folder: Path, *, as_json: bool) -> int:
    """Add to the files of `folder` what they do not have yet."""
    with stored_trail(settings, utc_now) as trail:
        trail.take_checkpoint()
        added = {_shown(chain): count for chain, count in write_export(trail, folder).items()}
    if as_json:
        print_json({"folder": str(folder), "added": added})
    else:
        out.print(f"{counted(sum(added.values()), 'record')} added to {folder}", markup=False, soft_wrap=True)
    return FINE


def prove(settings: Settings, name: str) -> int:
    """The proof, on standard output."""
    chain, slash, number = name.rpartition("/")
    if not slash or not number.isascii() or not number.isdigit():
        raise NotProvable(f"{name[:60]!r} is not a record; write it as acme/17")
    chain = PROCESS if chain == OWN else chain
    with stored_trail(settings, utc_now) as trail:
        if chain not in trail.about["chains"]:
            known = ", ".join(_shown(chain) for chain in trail.about["chains"])
            raise NotProvable(f"{chain[:60]!r} is not a chain; write one of {known}")
        if trail.about["checkpoint"] is None:
            raise LeaklineError("no checkpoint was taken yet", hint="start the daemon, and try again after a minute")
        lines, process = list(trail.lines(chain)), list(trail.lines(PROCESS))
        print_json(proof(chain, int(number), lines, process, trail.about["checkpoint"]))
    return FINE


def show_checkpoint(settings: Settings, *, as_json: bool) -> int:
    """The newest one, taken now where a daemon runs."""
    with stored_trail(settings, utc_now) as trail:
        trail.take_checkpoint()
        about = trail.about
    if as_json:
        print_json(about)
    elif about["checkpoint"] is None:
        out.print("No checkpoint was taken yet: the daemon takes them.")
    else:
        out.print(f"taken {about['checkpoint']['time']}\n", markup=False)
        out.print(about["checkpoint"]["note"], markup=False, highlight=False, soft_wrap=True, end="")
        for key in about["keys"]:
            out.print(f"verified by {key}", markup=False, highlight=False, soft_wrap=True)
    return FINE


def erase(settings: Settings, name: str, by: str, reason: str, *, as_json: bool) -> int:
    """Erase what is personal beside the records of an object. Raises LeaklineError where nothing is."""
    if not reason.strip():
        raise LeaklineError("there is no reason", hint="write why it is erased: --reason TEXT")
    with stored_trail(settings, utc_now) as trail:
        erased = {_shown(chain): count for chain, count in trail.erase(name, by, reason).items()}
    if not erased:
        hint = "give the object as the records name it: `leakline trail export` writes them"
        raise LeaklineError(f"nothing personal is kept beside records of {name[:80]!r}", hint=hint)
    if as_json:
        print_json({"object": name, "erased": erased})
    else:
        records = counted(sum(erased.values()), "record")
        out.print(
            f"erased what stood beside {records} of {name}; an incident itself, backups and destinations still have it",
            markup=False,
            soft_wrap=True,
        )
    return FINE


def _notes(path: Path) -> Iterable[str]:
    """Checkpoints of a file: of an export, or events as a destination received them; other lines are passed over."""
    found = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip() and (note := _note(line, path, number)):
                    found += 1
                    yield note
    except OSError as error:
        raise LeaklineError(
            f"{path} cannot be read ({error.strerror})", hint="name a file of lines of JSON or CEF"
        ) from error
    if not found:
        hint = "it has one a line: events `trail-checkpoint` with `leakline.trail.note`, or `checkpoints.jsonl` of an export"
        raise LeaklineError(f"{path} has no checkpoint", hint=hint)


def _note(line: bytes, path: Path, number: int) -> str | None:
    try:
        return note_in_line(line)
    except orjson.JSONDecodeError:
        raise LeaklineError(f"{path}:{number}: it is neither JSON nor CEF", hint="write a checkpoint a line") from None


def _print(report: TrailReport, outside: int) -> None:
    for finding in report.findings:
        where = _shown(finding.chain) + (f"/{finding.seq}" if finding.seq is not None else "")
        out.print(f"FAIL {where}: {finding.message}", markup=False, soft_wrap=True)
    for chain, count in report.further.items():
        out.print(f"FAIL {_shown(chain)}: and {counted(count, 'further difference')}", markup=False, soft_wrap=True)
    total = counted(sum(report.records.values()), "record")
    chains = counted(len(report.records), "chain")
    state = "whole" if report.whole else "NOT whole"
    signed = (
        f"a signed checkpoint covers {report.covered:,} of Leakline's own"
        if report.newest
        else "no checkpoint covers any"
    )
    out.print(f"{state}: {total} in {chains}; {signed}", markup=False, soft_wrap=True)
    if not outside:
        out.print("Only what is kept here was compared: give `--checkpoints` what your SIEM received.", soft_wrap=True)


def _document(report: TrailReport) -> dict[str, object]:
    return {
        "whole": report.whole,
        "records": {_shown(chain): count for chain, count in report.records.items()},
        "covered": report.covered,
        "findings": [
            {"chain": _shown(finding.chain), "seq": finding.seq, "message": finding.message}
            for finding in report.findings
        ],
        "further": {_shown(chain): count for chain, count in report.further.items()},
    }


def _shown(chain: str) -> str:
    return chain or OWN
