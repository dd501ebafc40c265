"""Whether a trail is what it was: links, roots and checkpoints, from the lines of its chains alone.

`packaging/verify_trail.py` does the same without this package; a test holds the two to one answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agent.signing.signed_note import BadNote, NoteVerifier
from agent.trail.chain import ChainHead
from agent.trail.checkpoint import Checkpoint, opened
from agent.trail.record import NotARecord, TrailRecord, read

HEADS = "heads"
"""The type of the process's records that note how far the other chains are: `data` is chain to `[size, root]`."""

PROCESS = ""
"""The name of the process's chain."""

MOST_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class TrailFinding:
    """Something that is not as it was written."""

    chain: str
    seq: int | None
    """The first record that is wrong; None where no single one is."""
    message: str


@dataclass(slots=True)
class TrailReport:
    """What was verified."""

    records: dict[str, int] = field(default_factory=dict)
    """By chain."""
    findings: list[TrailFinding] = field(default_factory=list)
    newest: Checkpoint | None = None
    """The longest that a known key signed and that fits."""
    covered: int = 0
    """How many records of the process's chain a fitting checkpoint covers; later ones are only linked."""
    last_heads: datetime | None = None

    @property
    def whole(self) -> bool:
        return not self.findings

    def add(self, chain: str, seq: int | None, message: str) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(TrailFinding(chain, seq, message))


Lines = Callable[[], Iterable[bytes]]
"""The lines of a chain from its first record on; asked for once."""


def verify(chains: Mapping[str, Lines], notes: Sequence[str], keys: Sequence[NoteVerifier], origin: str) -> TrailReport:
    """`chains`: by name, the process's among them; `notes`: checkpoints, from here and from wherever they were sent to."""
    report = TrailReport()
    checkpoints = list(_signed(notes, keys, origin, report))
    wanted: dict[str, dict[int, bytes]] = {}
    _walk(PROCESS, chains.get(PROCESS, list), {}, report, lambda record: _note_heads(record, wanted, report))
    roots = _roots(chains.get(PROCESS, list), {checkpoint.size for checkpoint in checkpoints})
    for checkpoint in checkpoints:
        _compare(checkpoint, roots.get(checkpoint.size), report)
    for chain in sorted((chains.keys() | wanted.keys()) - {PROCESS}):
        if chain not in chains:
            report.add(chain, None, "the whole chain is missing")
        else:
            _walk(chain, chains[chain], wanted.get(chain, {}), report, lambda _: None)
    return report


def _signed(
    notes: Sequence[str], keys: Sequence[NoteVerifier], origin: str, report: TrailReport
) -> Iterable[Checkpoint]:
    for note in dict.fromkeys(notes):
        try:
            checkpoint = opened(note, keys)
        except BadNote as error:
            report.add(PROCESS, None, f"a checkpoint is not accepted: {error}")
            continue
        if checkpoint.origin != origin:
            report.add(PROCESS, None, f"a checkpoint is of another trail, {checkpoint.origin}")
            continue
        yield checkpoint


def _walk(
    chain: str,
    lines: Lines,
    wanted: Mapping[int, bytes],
    report: TrailReport,
    seen: Callable[[TrailRecord], None],
) -> None:
    """Follow the links; `wanted`: roots that the tree must have at these sizes."""
    head = ChainHead()
    for line in lines():
        try:
            record = read(line)
        except NotARecord as error:
            report.add(chain, head.size, f"the line is not a record: {error}")
            head = head.followed_by(line)
            continue
        if record.chain != chain or record.seq != head.size or record.previous != head.link:
            report.add(chain, head.size, "it does not follow the record before it")
        head = head.followed_by(line)
        seen(record)
        if head.size in wanted and wanted[head.size] != head.root:
            report.add(chain, None, f"the first {head.size:,} records are not those that were noted")
    report.records[chain] = head.size
    if wanted and max(wanted) > head.size:
        report.add(chain, None, f"it has {head.size:,} records, and had {max(wanted):,}: the end was taken away")


def _note_heads(record: TrailRecord, wanted: dict[str, dict[int, bytes]], report: TrailReport) -> None:
    if record.type != HEADS:
        return
    report.last_heads = record.time
    for chain, (size, root) in record.data.items():
        wanted.setdefault(chain, {})[int(size)] = bytes.fromhex(root)


def _roots(lines: Lines, sizes: set[int]) -> dict[int, bytes]:
    head, roots = ChainHead(), {0: ChainHead().root}
    for line in lines():
        head = head.followed_by(line)
        if head.size in sizes:
            roots[head.size] = head.root
    return roots


def _compare(checkpoint: Checkpoint, root: bytes | None, report: TrailReport) -> None:
    if root is None:
        had = f"had {checkpoint.size:,} when a checkpoint was signed"
        report.add(
            PROCESS, None, f"it has {report.records.get(PROCESS, 0):,} records, and {had}: the end was taken away"
        )
    elif root != checkpoint.root:
        report.add(PROCESS, None, f"the first {checkpoint.size:,} records are not those that were signed")
    elif report.newest is None or checkpoint.size > report.newest.size:
        report.newest, report.covered = checkpoint, checkpoint.size
