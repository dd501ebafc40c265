"""Whether notices were drafted, and the trail is whole."""

from __future__ import annotations

from functools import partial

from agent.daemon.drills.drill_view import DrillView
from agent.daemon.drills.finding import StageFinding, failed, not_set_up, passed, waits
from agent.daemon.notices.notice_desk import found_notice
from agent.errors import LeaklineError
from agent.name import DRILLS, OWN
from agent.store.keys import PROCESS
from agent.trail.checkpointer import newest_checkpoint, signing_keys
from agent.trail.shard_trail import ShardTrail
from agent.trail.signing_key import origin_of, public_keys
from agent.trail.verify import Lines, verify
from agent.wording.number import counted


def drafted(view: DrillView) -> StageFinding:
    """Each obligation has a draft; what it is missing is known."""
    incident = view.incident()
    if incident is None:
        return failed("there is no incident")
    running = view.clocks(incident)
    if running is None:
        return waits("its clocks are not reckoned")
    if not running:
        return not_set_up("no clock runs, so that no notice has to be sent")
    missing = 0
    for clock in running:
        try:
            found = found_notice(view.shard.desk, incident, clock, running, view.pack())
            if found.latest is None:
                view.ask("notices_draft", number=incident.id, obligation=clock.id, by=OWN)
                found = found_notice(view.shard.desk, incident, clock, running, view.pack())
        except LeaklineError as error:
            return failed(f"{clock.id}: {error}")
        if found.latest is None:
            return failed(f"{clock.id} has no draft")
        missing += len(found.latest.missing)
    return passed(
        f"{counted(len(running), 'notice')} drafted, in which {counted(missing, 'field')} still have to be filled"
    )


def trail(view: DrillView) -> StageFinding:
    """The chains of the process and of drills are linked and signed from their first record to their last."""
    shards = view.node.shards
    process = shards[PROCESS].stores.state
    size = ShardTrail(process).head().size
    lines: dict[str, Lines] = {
        PROCESS: lambda: _first(ShardTrail(process), size),
        DRILLS: partial(ShardTrail(shards[DRILLS].stores.state).lines),
    }
    newest = newest_checkpoint(process)
    notes = [newest["note"]] if newest else []
    report = verify(lines, notes, public_keys(signing_keys(process)), origin_of(process.id))
    wrong = [finding for finding in report.findings if finding.chain in lines]
    if wrong:
        return failed(wrong[0].message)
    return passed(
        f"{counted(sum(report.records.get(name, 0) for name in lines), 'record')} are linked, {report.covered} of them signed"
    )


def _first(chain: ShardTrail, size: int) -> list[bytes]:
    return [line for line, _ in zip(chain.lines(), range(size), strict=False)]
