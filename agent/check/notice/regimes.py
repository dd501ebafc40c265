"""Which regimes bind by the settings, and what of that is doubtful: names, the pack, its date of review."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from agent.assembly.notice.pack_choice import pack_choice
from agent.config.settings import Settings
from agent.model import Finding
from agent.notice.floors.floors import below_floor
from agent.notice.regimes.binding import bindings
from agent.notice.regimes.doubtful_names import idle_names, unknown_names
from agent.notice.regimes.model import PackHead, RegimePack
from agent.notice.regimes.pack import PackRefused
from agent.notice.settings import NoticeSettings

EXAMPLE = "notice: {zone: Europe/Berlin, jurisdictions: [eu], roles: [controller]}"


def examine_regimes(settings: Settings, today: date) -> Iterator[Finding]:
    """A finding for each thing looked at. `today`: in UTC."""
    notice = settings.notice
    if notice is None:
        message = "`notice` is left out: incidents run; clocks, escalation and channels are off"
        yield _warning(message, f"write where you are and what you do, such as `{EXAMPLE}`")
    try:
        choice = pack_choice(settings)
    except PackRefused as error:
        yield Finding("notice", False, str(error), "install Leakline again: its files were changed")
        return
    pack = choice.signed.pack
    for refusal in choice.refusals:
        message = f"{refusal.error}; the pack {_called(pack.pack)} stays in force"
        yield Finding("notice", False, message, refusal.fix)
    for waiting in choice.waiting:
        message = f"the pack {_called(waiting.pack.pack)} weakens, and waits for approval; {_called(pack.pack)} stays in force"
        yield _warning(message, "vote on the request that Leakline makes of it: `leakline changes list`")
    if pack.pack.review_due(today):
        message = (
            f"the pack {_called(pack.pack)} was to be reviewed by {pack.pack.review_by}, and was not: it stays in force"
        )
        yield _warning(message, "install a newer Leakline, or name a newer signed pack in `notice.pack`")
    if notice is not None:
        yield from _names(pack, notice, today)
        yield from _weaker(pack, notice)
        yield _outcome(pack, notice, today)


def _names(pack: RegimePack, notice: NoticeSettings, today: date) -> Iterator[Finding]:
    for doubt in unknown_names(pack, notice):
        yield Finding(doubt.setting, False, doubt.message, doubt.fix)
    for doubt in idle_names(pack, notice, today):
        yield Finding(doubt.setting, False, doubt.message, doubt.fix, warning=True)


def _weaker(pack: RegimePack, notice: NoticeSettings) -> Iterator[Finding]:
    """What the daemon does not start with; names that no regime has are found already."""
    known = {(doubt.setting, doubt.message) for doubt in unknown_names(pack, notice)}
    for breach in below_floor(notice, pack):
        if (breach.key, breach.message) not in known:
            yield Finding(breach.key, False, breach.message, breach.fix)


def _outcome(pack: RegimePack, notice: NoticeSettings, today: date) -> Finding:
    bound = [binding.regime.id for binding in bindings(pack, notice, today)]
    if not bound:
        fix = f"`leakline regimes list -c` says why; write where you are and what you do, such as `{EXAMPLE}`"
        return _warning("no regime binds, so no clock runs", fix)
    verb = "regime binds" if len(bound) == 1 else "regimes bind"
    message = f"{len(bound)} {verb} by the pack {_called(pack.pack)}: {', '.join(bound)}. This is not legal advice"
    return Finding("notice", True, message)


def _called(head: PackHead) -> str:
    return f"{head.id} {head.version}"


def _warning(message: str, fix: str) -> Finding:
    return Finding("notice", False, message, fix, warning=True)
