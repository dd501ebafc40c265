"""Whether a trail is what it was: links, roots and checkpoints, from the lines of its chains alone.

`packaging/verify_trail.py` does the same without this package; a test holds the two to one answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agent.signing.signed_note import BadNote, NoteVerifier
from agent.trail.checkpoint import Checkpoint, opened
from agent.trail.noted_heads import NotedHeads
from agent.trail.record import FIRST, NotARecord, TrailRecord, link, read
from agent.trail.tree import EMPTY, GrowingTree

HEADS = "heads"
"""The type of the process's records that note how far the other chains are: `data` is chain to `[size, root]`."""

PROCESS = ""
"""The name of the process's chain."""

MOST_FINDINGS = 20
"""Of a chain: after one record that was changed every head that was noted later contradicts it, one a minute."""


@dataclass(frozen=True, slots=True)
class TrailFinding:
    """Something that is not as it was written."""

    chain: str
    seq: int | None
    """The first record that is wrong; None where no single one is."""
    message: str
    checkpoint: int | None = None
    """The size of the checkpoint that it contradicts; None where it is none."""


@dataclass(slots=True)
class TrailReport:
    """What was verified."""

    records: dict[str, int] = field(default_factory=dict)
    """By chain."""
    findings: list[TrailFinding] = field(default_factory=list)
    """Of each chain the first few."""
    further: Counter[str] = field(default_factory=Counter)
    """How many more there are, by chain."""
    newest: Checkpoint | None = None
    """The longest that a known key signed and that fits."""
    covered: int = 0
    """How many records of the process's chain a fitting checkpoint covers; later ones are only linked."""
    last_heads: datetime | None = None

    @property
    def whole(self) -> bool:
        return not self.findings

    def add(self, chain: str, seq: int | None, message: str, checkpoint: int | None = None) -> None:
        if sum(finding.chain == chain for finding in self.findings) < MOST_FINDINGS:
            self.findings.append(TrailFinding(chain, seq, message, checkpoint))
        else:
            self.further[chain] += 1


Lines = Callable[[], Iterable[bytes]]
"""The lines of a chain from its first record on; asked for once."""


def verify(chains: Mapping[str, Lines], notes: Sequence[str], keys: Sequence[NoteVerifier], origin: str) -> TrailReport:
    """`chains`: by name, the process's among them; `notes`: checkpoints, from here and from wherever they were sent to.

    Memory: 40 bytes for each head that the process's chain notes, and nothing for a record.
    """
    report = TrailReport()
    checkpoints = list(_signed(notes, keys, origin, report))
    noted: dict[str, NotedHeads] = {}
    roots = {checkpoint.size: b"" for checkpoint in checkpoints} | {0: EMPTY}
    walk = _Walk(PROCESS, chains.get(PROCESS, list), report)
    for record, tree in walk.records():
        if record is not None and record.type == HEADS:
            _note_heads(record, noted, report)
        if tree.size in roots:
            roots[tree.size] = tree.root
    for checkpoint in checkpoints:
        _compare(checkpoint, roots[checkpoint.size], report)
    for chain in sorted((chains.keys() | noted.keys()) - {PROCESS}):
        if chain not in chains:
            report.add(chain, None, "the whole chain is missing")
        else:
            _compare_heads(_Walk(chain, chains[chain], report), noted.get(chain, NotedHeads()), report)
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


@dataclass(frozen=True, slots=True)
class _Walk:
    """One reading of a chain along its links."""

    chain: str
    lines: Lines
    report: TrailReport

    def records(self) -> Iterator[tuple[TrailRecord | None, GrowingTree]]:
        """Each record, None for a line that is none, and the tree with it."""
        tree, previous = GrowingTree(), FIRST
        try:
            for line in self.lines():
                record = self._read(line, tree.size, previous)
                previous = link(line)
                tree.add(previous)
                yield record, tree
        except OSError as error:
            self.report.add(self.chain, tree.size, f"it cannot be read from there on ({error.strerror or error})")
        self.report.records[self.chain] = tree.size

    def _read(self, line: bytes, seq: int, previous: bytes) -> TrailRecord | None:
        try:
            record = read(line)
        except NotARecord as error:
            self.report.add(self.chain, seq, f"the line is not a record: {error}")
            return None
        if record.chain != self.chain or record.seq != seq or record.previous != previous:
            self.report.add(self.chain, seq, "it does not follow the record before it")
        return record


def _note_heads(record: TrailRecord, noted: dict[str, NotedHeads], report: TrailReport) -> None:
    report.last_heads = record.time
    for chain, head in record.data.items():
        try:
            noted.setdefault(chain, NotedHeads()).add(*head)
        except (TypeError, ValueError, OverflowError):
            report.add(PROCESS, record.seq, f"what it notes of {chain[:64]} is not the head of a chain that grew")


def _compare_heads(walk: _Walk, noted: NotedHeads, report: TrailReport) -> None:
    """Whether the chain had each head when it was that long."""
    heads = iter(noted)
    size, root = next(heads, (0, EMPTY))
    for _, tree in walk.records():
        while size == tree.size:
            if root != tree.root:
                report.add(walk.chain, None, f"the first {size:,} records are not those that were noted")
            size, root = next(heads, (0, EMPTY))
    has = report.records[walk.chain]
    if noted.longest > has:
        report.add(walk.chain, None, f"it has {has:,} records, and had {noted.longest:,}: the end was taken away")


def _compare(checkpoint: Checkpoint, root: bytes, report: TrailReport) -> None:
    size = checkpoint.size
    if not root:
        has = report.records.get(PROCESS, 0)
        had = f"it has {has:,} records, and had {size:,} when a checkpoint was signed: the end was taken away"
        report.add(PROCESS, None, had, size)
    elif root != checkpoint.root:
        report.add(PROCESS, None, f"the first {size:,} records are not those that were signed", size)
    elif report.newest is None or size > report.newest.size:
        report.newest, report.covered = checkpoint, size
