"""Whether a planted leak was found: by a rule of its scenario, as one incident, with a clock for each obligation, and delivered."""

from __future__ import annotations

from datetime import datetime

from agent.daemon.drills.drill_view import DrillView
from agent.daemon.drills.finding import StageFinding, failed, not_set_up, passed, waits
from agent.name import DRILLS
from agent.notice.incidents.incident import LEVELS
from agent.notice.regimes.binding import bindings
from agent.wording.number import counted


def detected(view: DrillView) -> StageFinding:
    """Each of the scenario's rules has raised an alert: of a rule among several that is broken no other stage would know."""
    names = {rule.id: rule.title for rule in view.node.processing.rules.all_rules}
    if idle := sorted(view.scenario.rules - names.keys()):
        return failed(f"these rules of it do not run (`leakline rules list` has those that do): {', '.join(idle)}")
    first: dict[str, datetime] = {}
    for alert in view.seen.all():
        if alert.rule in view.scenario.rules:
            first.setdefault(alert.rule, alert.at)
    if silent := sorted(view.scenario.rules - first.keys()):
        return waits(f"no alert was raised by {' and '.join(repr(names[rule]) for rule in silent)}")
    seconds = (max(first.values()) - (view.drill.begun_at or view.drill.asked_at)).total_seconds()
    return passed(f"{counted(len(first), 'rule')} of it raised an alert within {seconds:.1f} s")


def grouped(view: DrillView) -> StageFinding:
    """All alerts of the scenario's rules are in one incident, which is as grave as it has to be."""
    found = view.matching()
    if not found:
        return waits("no incident has an alert of its rules")
    if len(found) > 1:
        return failed(f"its alerts are in {len(found)} incidents: {', '.join(incident.id for incident in found)}")
    (incident,) = found
    if LEVELS.index(incident.level) < LEVELS.index(view.scenario.level):
        return waits(f"{incident.id} is {incident.level}, and not {view.scenario.level}")
    return passed(f"{incident.id}, {incident.level}, with {counted(incident.alerts, 'alert')}")


def clocks(view: DrillView) -> StageFinding:
    """Each obligation that binds has a clock."""
    settings, incident = view.node.notice, view.incident()
    if incident is None:
        return failed("there is no incident")
    if settings is None or not (bound := bindings(view.pack(), settings, view.now().date())):
        return not_set_up("no law or contract binds in the settings")
    if LEVELS.index(incident.level) < LEVELS.index(settings.clocks_from):
        return not_set_up(f"{incident.level} is below `notice.clocks_from`, {settings.clocks_from}")
    running = view.clocks(incident)
    if not running:
        return waits(f"{incident.id} has no clocks")
    known = {clock.id for clock in running}
    missing = [
        f"{binding.regime.id}/{duty.id}"
        for binding in bound
        for duty in binding.duties
        if f"{binding.regime.id}/{duty.id}" not in known
    ]
    if missing:
        return waits(f"no clock runs for {', '.join(missing)}")
    dates = [date for clock in running if (date := clock.next_due) is not None]
    first = f", the first date is {min(dates):%Y-%m-%d %H:%M} UTC" if dates else ""
    return passed(f"{counted(len(running), 'clock')} of {counted(len(bound), 'law')}{first}")


def delivered(view: DrillView) -> StageFinding:
    """Every destination has accepted all of the drill's events and alerts; what it refuses is settled as well, and not accepted."""
    waiting, lost = list[str](), list[str]()
    for forward in view.forwards():
        if rows := view.refused(forward):
            lost.append(f"{forward.name} refused {counted(rows, 'row')} of it")
        for follower in forward.shards:
            if follower.name != DRILLS or forward.name in view.drained:
                continue
            if follower.is_drained():  # once is enough: what comes later is about this and other stages
                view.drained.add(forward.name)
            else:
                waiting.append(forward.name + (f" ({forward.problem})" if forward.problem else ""))
    if waiting:
        return waits("; ".join([f"{', '.join(waiting)} has not accepted all of it", *lost]))
    if lost:
        return failed(f"{'; '.join(lost)}: `leakline dead-letters list` says why")
    return passed(f"accepted by {', '.join(sorted(view.drained))}")
