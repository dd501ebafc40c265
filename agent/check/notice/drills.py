"""Whether there are the drills of the law that the settings name: which there are says the pack of regimes."""

from __future__ import annotations

from collections.abc import Iterator

from agent.config.settings import Settings
from agent.daemon.drills.legal_run import legal_names
from agent.drills.settings import LEGAL
from agent.model import Finding
from agent.notice.regimes.choice import choose
from agent.notice.regimes.kept_pack import stored
from agent.notice.regimes.pack import PackRefused


def examine_drills(settings: Settings) -> Iterator[Finding]:
    """A finding for each name that is none."""
    wanted = settings.drills.scenarios if settings.drills else []
    legal = [name for name in wanted if name.startswith(LEGAL)] if wanted != "all" else []
    if not legal:
        return
    try:
        pack = choose(stored(settings.state.directory), settings.notice.pack if settings.notice else None).signed.pack
    except PackRefused:
        return  # that is a finding of its own
    known = legal_names(pack)
    for name in legal:
        if name not in known:
            message = f"{name[:60]!r} is not a drill of the pack in force: it would never pass"
            yield Finding("drills.scenarios", False, message, f"write names such as {known[0]}, or `all`")
