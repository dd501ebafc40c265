"""A life in which every date is missed: alarms at each part of its time, then lateness, said once and at its instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from agent.daemon.drills.legal.expected_dates import ExpectedDates, wrong_times
from agent.daemon.drills.legal.kept_life import AFTERWARDS
from agent.daemon.drills.legal.legal_life import LegalLife
from agent.daemon.drills.legal.legal_stage import LegalStage, judged
from agent.notice.arrangements.policies import AlarmSettings
from agent.notice.deadlines import DETECTED
from agent.notice.regimes.model import PRIOR_STAGE
from agent.wording.number import counted

AUTHORITY, REASONS = "authority", "reasons_for_delay"
LATE, ALARM = "clock-late", "deadline-alarm"


def late_life(life: LegalLife, expected: ExpectedDates, alarms: AlarmSettings) -> Iterator[LegalStage]:
    """Everything is known at the detection, and nothing is sent before its date."""
    life.open()
    life.declare(expected.declared)
    life.quieten()
    anchors = {DETECTED: life.begin, **dict.fromkeys(expected.declared, life.begin)}
    for _ in expected.terms.obligations:  # as many rounds as there can be stages
        life.pass_to(life.now + AFTERWARDS)
        waiting = sorted({prior for id_, prior in expected.chained.items() if PRIOR_STAGE + prior not in anchors})
        ready = [prior for prior in waiting if prior in life.clocks() and life.clocks()[prior].due is not None]
        for prior in ready:
            life.send(f"{expected.regime}/{prior}")
            anchors[PRIOR_STAGE + prior] = life.now
        if not ready:
            break
    ends = {id_: end for id_, end in expected.due(anchors).items() if end is not None}
    begins = {id_: _begin(expected, id_, anchors) for id_ in ends}
    parts = {id_: _parts(begins[id_], end, alarms) for id_, end in ends.items()}
    told = life.clock_records(ALARM)
    count = sum(map(len, parts.values()))
    sentence = f"{counted(count, 'alarm')} of {counted(len(ends), 'deadline')}, each at its part of the time"
    yield judged("alarms", wrong_times(told, parts, "had alarms"), sentence)
    late = life.clock_records(LATE)
    wrong = wrong_times(late, {id_: [end] for id_, end in ends.items()}, "was reported late")
    states = {id_: clock.state for id_, clock in life.clocks().items()}
    wrong += [
        f"{id_} is {states.get(id_, 'without a clock')} after its date"
        for id_ in ends
        if states.get(id_) != ("sent" if PRIOR_STAGE + id_ in anchors else "late")
    ]
    chained = f", {counted(len(expected.chained), 'later stage')} among them" if expected.chained else ""
    yield judged("late", wrong, f"{counted(len(ends), 'missed date')} recorded at the instant each passed{chained}")
    yield from _reasons(life, expected, list(ends))
    unmarked = [message.summary for message in life.messages() if not message.summary.startswith("[DRILL]")]
    wrong = [f"a message does not say that it is a drill: {summary}" for summary in unmarked]
    wrong += [] if life.messages("alarm") else ["no alarm became a message"]
    yield judged("messages", wrong, f"{counted(len(life.messages()), 'message')} made, each marked as a drill")


def _reasons(life: LegalLife, expected: ExpectedDates, ids: Sequence[str]) -> Iterator[LegalStage]:
    """A late notice to an authority says why it is late (GDPR Art. 33(1)); a target of our own asks for nothing."""
    clocks = life.clocks()
    late = [
        clocks[id_].id
        for id_ in ids
        if id_ in clocks
        and clocks[id_].recipient.partition(":")[0] == AUTHORITY
        and not expected.terms.obligations[id_].target
    ]
    drafts = {id_: life.ask("notices_show", obligation=id_) for id_ in late}
    wrong = [
        f"{id_} is late, and its draft does not ask for the reasons"
        for id_, draft in drafts.items()
        if REASONS not in {field["id"] for field in draft["missing"]}
    ]
    if late:
        yield judged(
            "reasons", wrong, f"drafts of {counted(len(late), 'late notice')} to authorities ask for the reasons"
        )


def _begin(expected: ExpectedDates, id_: str, anchors: Mapping[str, datetime]) -> datetime:
    """Everything else was known at the detection."""
    prior = expected.chained.get(id_, "")
    return anchors[PRIOR_STAGE + prior] if prior else anchors[DETECTED]


def _parts(begin: datetime, end: datetime, alarms: AlarmSettings) -> list[datetime]:
    span = end - begin
    return [begin + span * part for part in (alarms.short if span <= alarms.short_up_to else alarms.at)]
