"""Dead letters as a problem: how many, of whom, and the most frequent reason, in the register of problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agent.columns.frame_parts import FrameParts
from agent.errors import Damaged
from agent.model import Rejection
from agent.problem import Field
from agent.store.dead_letters import DeadLetterContext, DeadLetters
from agent.store.problems import Problems
from agent.store.state import State
from agent.wording.number import counted

KIND, PROBLEM_KIND = "dead-letters", "leakline.problem.kind"
"""The kind of problem (`agent.problem`), and the field that names it in an event about one."""
NEVER_EVENTS = (
    "they never became events, so replaying cannot help: `leakline dead-letters show FILE` prints what arrived; look the "
    "record up in the org (its log file, or the object that stores the event), report it, then drop them"
)
"""What a person does about rows of a source; those that a destination refused can be replayed."""
REASON_LENGTH = 300
"""Characters of the most frequent reason that go into the message."""


def report_refused(problems: Problems, destination: str, rows: FrameParts, reasons: Sequence[tuple[int, str]]) -> None:
    """Open the problem of what a destination refused of shaped `rows`, or add to it; inside the transaction.

    Of an event about dead letters that is refused itself (and of an alert about one) no event is made: a destination
    that refuses everything would get events about that for ever. It is counted all the same.
    """
    where: dict[str, Field] = {"leakline.dead_letter.destination": destination}
    kinds = rows.cells(PROBLEM_KIND)
    for announced in (True, False):
        last_lines = [reason for row, reason in reasons if (kinds[row] == KIND) == announced]
        if last_lines:
            _report(problems, destination, last_lines, where, announced=announced)


def report_rejected(problems: Problems, source: str, org: str, rejections: Sequence[Rejection]) -> None:
    """Open the problem of what could not become events, or add to it; inside the transaction."""
    where: dict[str, Field] = {"leakline.dead_letter.source": source}
    _report(problems, source, [rejection.reason for rejection in rejections], where, org=org, fix=NEVER_EVENTS)


def take_over(problems: Problems, letters: DeadLetters, state: State) -> None:
    """Dead letters that a recovery took in count as a problem from now on, so that they are shown and their
    replay does not end the problem of others. Raises StateError.
    """
    with state.transact() as transaction:
        for number, file in letters.files():
            if letters.is_reported(number):
                continue
            try:
                context = letters.context(number)
            except Damaged:
                context = DeadLetterContext(KIND, "unknown")
            letters.note_context(transaction, number, context)
            rows = problems.count(KIND, context.subject) + file.rows
            kept = counted(rows, "dead letter")
            message = f"{context.subject}: {kept} in all, some since before the state was recovered"
            fix = "" if context.destination else NEVER_EVENTS
            problems.report(KIND, context.subject, message, fix=fix, count=file.rows)


def _report(
    problems: Problems,
    subject: str,
    reasons: Sequence[str],
    where: dict[str, Field],
    *,
    org: str = "",
    fix: str = "",
    announced: bool = False,
) -> None:
    # The last line of a traceback says what went wrong.
    last_lines = [
        reason.strip().splitlines()[-1][:REASON_LENGTH] if reason.strip() else "no reason" for reason in reasons
    ]
    ((reason, _),) = Counter(last_lines).most_common(1)
    number = problems.count(KIND, subject) + len(reasons)
    rows = "1 row is kept as a dead letter" if number == 1 else f"{number:,} rows are kept as dead letters"
    fields: dict[str, Field] = {**where, "leakline.dead_letter.reason": reason}
    message = f"{subject}: {rows}: {reason}"
    problems.report(KIND, subject, message, fix=fix, count=len(reasons), org=org, fields=fields, announced=announced)
