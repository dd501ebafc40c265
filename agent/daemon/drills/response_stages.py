"""Whether people were notified in time, notices were drafted, and the trail is whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from agent.daemon.drills.drill_view import DrillView
from agent.daemon.drills.finding import StageFinding, failed, not_set_up, passed, waits
from agent.daemon.notices.notice_desk import found_notice
from agent.errors import LeaklineError
from agent.name import DRILLS, OWN
from agent.notice.escalation.escalation import Escalation
from agent.notice.incidents.incident import Incident
from agent.notice.messages.message import Message
from agent.store.keys import PROCESS
from agent.trail.checkpointer import newest_checkpoint, signing_keys
from agent.trail.shard_trail import ShardTrail
from agent.trail.signing_key import origin_of, public_keys
from agent.trail.verify import Lines, verify
from agent.wording.number import counted

IN_TIME = timedelta(seconds=30)
"""After its planned time a tier has to have reached somebody."""


def notified(view: DrillView) -> StageFinding:
    """Every tier of the policy reached a person in time, and every channel that it used accepted its messages."""
    settings, incident = view.node.notice, view.incident()
    if settings is None or not settings.policies_in_force:
        return not_set_up("no person is named in the settings")
    if incident is None:
        return failed("there is no incident")
    levels = {level for policy in settings.policies_in_force for level in policy.levels}
    if incident.level not in levels:
        return not_set_up(f"no policy takes incidents that are {incident.level}")
    escalation = view.escalation(incident)
    if escalation is None:
        return waits(f"no person is notified of {incident.id}")
    return _tiers(view, incident, escalation)


def _tiers(view: DrillView, incident: Incident, escalation: Escalation) -> StageFinding:
    messages = [message for message in view.messages(incident) if message.kind == "escalation"]
    now, late, open_tiers = view.now(), list[str](), list[str]()
    for number, step in enumerate(escalation.policy.steps, start=1):
        due = escalation.began + step.after
        of_tier = [message for message in messages if message.tier == number]
        reached = [ended for message in of_tier if message.state == "accepted" and (ended := message.ended_at)]
        if not reached and now <= due + IN_TIME:
            open_tiers.append(str(number))
        elif not reached or min(reached) > due + IN_TIME:
            late.append(f"tier {number} {_said(reached, due)}")
    refused = _channels([message for message in messages if _is_refused(message, messages, now)])
    unsent = [message for message in messages if message.state == "waiting"]
    if late or (refused and not open_tiers):
        through = f"; {', '.join(refused)} accepts nothing" if refused else ""
        return failed(("; ".join(late) or "not every channel accepted its messages") + through)
    if open_tiers:
        return waits(f"tier {', '.join(open_tiers)} is not notified yet")
    if unsent:
        return waits(f"{counted(len(unsent), 'message')} waits for {', '.join(_channels(unsent))}")
    accepted = [message for message in messages if message.state == "accepted"]
    return passed(
        f"{counted(len(escalation.policy.steps), 'tier')} of {escalation.policy.name} in time, over {', '.join(_channels(accepted))}"
    )


def _is_refused(message: Message, messages: Sequence[Message], now: datetime) -> bool:
    """Given up, or not accepted in its time: until then a further try may succeed. Each has its own time, for tiers are repeated; the
    message of a later one takes the place of what its channel refused, unless the channel accepts again. A channel that is down is
    not tried for each message.
    """
    if message.state == "given-up":
        return True
    if now <= message.due + IN_TIME or message.state == "accepted":
        return False
    later = [other for other in messages if other.target.channel == message.target.channel and other.due >= message.due]
    return message.state == "waiting" or (
        message.attempts > 0 and not any(other.state == "accepted" for other in later)
    )


def _said(reached: Sequence[datetime], due: datetime) -> str:
    if not reached:
        return "reached no person"
    return f"reached a person {(min(reached) - due).total_seconds():.0f} s after its time"


def _channels(messages: Sequence[Message]) -> list[str]:
    return sorted({message.target.channel for message in messages})


def tiers_end(view: DrillView) -> timedelta:
    """From the drill's begin until the last tier has to have been notified; it is more than from when the stage is looked at."""
    incident = view.incident()
    escalation = view.escalation(incident) if incident is not None else None
    if escalation is None:
        return IN_TIME
    began = escalation.began - (view.drill.begun_at or escalation.began)
    return began + escalation.policy.steps[-1].after + 2 * IN_TIME


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
