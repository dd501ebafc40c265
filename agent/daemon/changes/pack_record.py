"""A pack of regimes that comes into force is recorded as a change, with what it does: it is signed and newer, so that it counts at
once, and who has to know sees in what it is weaker than the one before.
"""

from __future__ import annotations

from agent.changes import book
from agent.changes.change import SettingsChange
from agent.changes.classes.change_class import gravest
from agent.changes.classes.comparisons.regime_pack import pack_differences
from agent.daemon.changes.change_record import tell, values
from agent.daemon.changes.change_writer import readable
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.regimes.model import RegimePack

PACK = "settings/pack"
"""Key under `keys.RESPONSE`: SHA-256 of the pack that was in force when it was looked at last."""

SIGNED = "the signed pack"
"""Who made such a change: whoever holds the key."""


def record_pack(desk: IncidentDesk, pack: RegimePack) -> None:
    """`desk`: of the process's own shard. The first one is kept without a word: the record of the start names it. Raises
    LeaklineError for a damaged book.
    """
    document = pack.model_dump(mode="json", by_alias=True)
    sha256 = book.digest(document)
    known = desk.recall(PACK)
    if known is not None and known.decode() == sha256:
        return
    with readable(), desk.changing() as writing:
        writing.apply({PACK: sha256.encode(), **book.stored_content(document)})
        if known is None:
            return
        found = pack_differences(book.content(writing.recall, known.decode()), document)
        number, counted = book.next_number(writing.recall, writing.now)
        change = SettingsChange(
            number,
            SIGNED,
            writing.now,
            f"the pack {pack.pack.id} {pack.pack.version} is in force",
            "",
            known.decode(),
            sha256,
            gravest(found),
            found,
            "upgrade",
            writing.now,
            state="applied",
            applied_at=writing.now,
            kind="pack",
        )
        writing.apply({**counted, **book.stored_change(change)})
        said = f"{number}: the pack of regimes {pack.pack.id} {pack.pack.version} is in force; it was signed, and no person had to approve it"
        tell(writing, change, "change-applied", said, by="leakline", personal=values(change))
