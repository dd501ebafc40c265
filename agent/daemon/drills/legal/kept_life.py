"""A life in which everything is done in time: dates, drafts, submissions, and what comes after them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from agent.daemon.drills.legal.expected_dates import ExpectedDates
from agent.daemon.drills.legal.legal_life import PERSON, LegalLife
from agent.daemon.drills.legal.legal_stage import LegalStage, judged
from agent.notice.clock import Clock
from agent.notice.deadlines import DETECTED
from agent.notice.regimes.model import PRIOR_STAGE
from agent.wording.number import counted

KNOWN_AFTER = timedelta(minutes=10)
"""From the detection until people know: no law asks for anything sooner."""
WORK = timedelta(minutes=5)
"""On a notice."""
AFTERWARDS = timedelta(days=800)
"""After it every period that began in the life has ended."""


def kept_life(life: LegalLife, expected: ExpectedDates) -> Iterator[LegalStage]:
    """Raises LeaklineError for what is refused that should not be."""
    incident = life.open()
    origin = [] if incident.origin == "drill" else [f"{incident.id} does not say that it is a drill"]
    wrong = origin if incident.has_clocks else [*origin, f"{incident.id} has no clocks"]
    yield judged("opened", wrong, f"an alert opened {incident.id}, which is marked as a drill, and its clocks")
    number = counted(len(expected.terms.obligations), "obligation")
    yield judged("obligations", expected.wrong_obligations(life), f"{number} with a clock each")
    strict = expected.strict(life.begin)
    wrong = expected.wrong_dates(life, strict, "shadow_due")
    known = counted(sum(end is not None for end in strict.values()), "strict date")
    yield judged("strict dates", wrong, f"{known} from the detection as a second count gives them")
    life.pass_to(life.now + KNOWN_AFTER)
    life.declare(expected.declared)
    life.quieten()
    anchors = {DETECTED: life.begin, **dict.fromkeys(expected.declared, life.now)}
    wrong = expected.wrong_dates(life, expected.due(anchors), "due")
    yield judged("dates", wrong, f"{counted(_dated(life), 'date')} from what was declared as a second count gives them")
    yield from _submissions(life, expected, anchors)


def _submissions(life: LegalLife, expected: ExpectedDates, anchors: dict[str, datetime]) -> Iterator[LegalStage]:
    """Of every notice, the one that is due first; each stage counts from the one before it."""
    drafts, kept, stages, missing = list[str](), list[str](), list[str](), 0
    while (clock := _first_due(life)) is not None:
        life.pass_to(life.now + WORK)
        wrong, number = _written(life, clock)
        drafts += wrong
        missing += number
        life.ask("notices_sent", obligation=clock.id, receipt="drill-1", by=PERSON)
        anchors[PRIOR_STAGE + clock.obligation] = life.now
        kept += _not_kept(life.clocks()[clock.obligation], life.now)
        stages += expected.wrong_dates(life, expected.due(anchors), "due")
    sent = counted(len(life.clocks()), "notice")
    yield judged("drafts", drafts, f"{sent} drafted, {counted(missing, 'missing field')} named, filled and signed")
    if expected.chained:
        chained = counted(len(expected.chained), "later stage")
        yield judged("stages", stages, f"{chained} counted from the submission of the stage before")
    life.pass_to(life.now + AFTERWARDS)
    kept += [f"{id_} is {clock.state} in the end" for id_, clock in life.clocks().items() if clock.state != "sent"]
    kept += [f"{id_} was reported late although it was sent" for id_ in life.clock_records("clock-late")]
    yield judged("kept", list(dict.fromkeys(kept)), f"{sent} sent in time, and their clocks ended by that")


def _first_due(life: LegalLife) -> Clock | None:
    running = [clock for clock in life.clocks().values() if clock.due is not None and not clock.has_ended]
    return min(running, key=lambda clock: (clock.due, clock.id), default=None)


def _written(life: LegalLife, clock: Clock) -> tuple[list[str], int]:
    """Draft it, fill what is missing, and sign: what is wrong, and how many fields were missing."""
    draft = life.ask("notices_draft", obligation=clock.id, by=PERSON)
    named = {field["id"] for field in draft["missing"] if field["how"]}
    empty = {field["id"] for field in draft["version"]["entries"] if field["needed"] and not field["text"]}
    wrong = [] if named == empty else [f"{clock.id}: {len(empty)} needed fields are empty, and {len(named)} are named"]
    if not empty:
        wrong.append(f"{clock.id}: nothing is missing in a draft although no fact is known")
    if draft["version"]["kind"] != "new":
        wrong.append(f"{clock.id}: its first draft is a {draft['version']['kind']}")
    full = life.ask(
        "notices_draft", obligation=clock.id, by=PERSON, values=dict.fromkeys(sorted(named), "as in a drill")
    )
    if full["missing"] or full["version"]["completeness"] != "complete":
        wrong.append(f"{clock.id}: with every field filled it is {full['version']['completeness']}")
    signed = life.ask("notices_sign", obligation=clock.id, by=PERSON)
    return wrong if signed["sign_offs"] else [*wrong, f"{clock.id}: it has no sign-off"], len(empty)


def _not_kept(clock: Clock, now: datetime) -> list[str]:
    if clock.state != "sent" or clock.ended_at != now:
        return [f"{clock.id} is {clock.state} after it was sent"]
    return [] if clock.due is not None and now < clock.due else [f"{clock.id} was sent after its date"]


def _dated(life: LegalLife) -> int:
    return sum(clock.due is not None for clock in life.clocks().values())
