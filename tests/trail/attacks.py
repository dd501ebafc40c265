"""A small trail in memory, and the attacks on it: what somebody with the files, and maybe the key, can do to them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from agent.signing.signed_note import NoteSigner
from agent.trail.chain import ChainHead
from agent.trail.checkpoint import Checkpoint, signed
from agent.trail.record import TrailEntry, read, written
from agent.trail.verify import HEADS, PROCESS

ORIGIN = "leakline.example/trail"
BEGIN = datetime(2026, 7, 1, 10, tzinfo=UTC)
SIGNER = NoteSigner.generate(ORIGIN)
ACME = "acme"


@dataclass
class Trail:
    """Chains by name, checkpoints that lie beside them, and those that were sent elsewhere."""

    chains: dict[str, list[bytes]] = field(default_factory=lambda: {PROCESS: [], ACME: []})
    local: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def head(self, chain: str) -> ChainHead:
        head = ChainHead()
        for line in self.chains[chain]:
            head = head.followed_by(line)
        return head

    def add(self, chain: str, entry: TrailEntry, time: datetime | None = None) -> None:
        head = self.head(chain)
        now = time or BEGIN + timedelta(seconds=sum(map(len, self.chains.values())))
        self.chains[chain].append(written(entry, chain, head.size, head.link, now)[0])

    def check(self, *, mirrored: bool) -> None:
        """A minute is over: the heads of the other chains, and a checkpoint."""
        head = self.head(ACME)
        self.add(PROCESS, TrailEntry(HEADS, data={ACME: [head.size, head.root.hex()]}))
        process = self.head(PROCESS)
        note = signed(Checkpoint(ORIGIN, process.size, process.root), SIGNER)
        self.local.append(note)
        self.outside += [note] if mirrored else []

    def copy(self) -> "Trail":
        return Trail({name: list(lines) for name, lines in self.chains.items()}, list(self.local), list(self.outside))


def grown() -> Trail:
    """Three minutes; the last one is not mirrored, and records follow that no checkpoint covers."""
    trail = Trail()
    for minute in range(3):
        for number in range(4):
            trail.add(ACME, TrailEntry("decision", object=f"INC-{minute}-{number}", data={"notify": True}))
        trail.check(mirrored=minute < 2)
    trail.add(ACME, TrailEntry("decision", object="INC-9", data={"notify": True}))
    return trail


def _changed(line: bytes) -> bytes:
    return line.replace(b'"notify":true', b'"notify":false')


def _linked(trail: Trail, chain: str) -> None:
    """Write every link of a chain anew, as somebody without the key can."""
    lines, trail.chains[chain] = trail.chains[chain], []
    for line in lines:
        record, head = read(line), trail.head(chain)
        entry = TrailEntry(record.type, record.object, record.data, record.actor)
        trail.chains[chain].append(written(entry, chain, head.size, head.link, record.time)[0])


def _rewritten(trail: Trail, *, key: bool) -> None:
    """Links, heads and, with the key, checkpoints of the whole trail anew."""
    _linked(trail, ACME)
    lines, trail.chains[PROCESS], head = trail.chains[PROCESS], [], ChainHead()
    roots = {0: ChainHead().root}
    for line in trail.chains[ACME]:
        head = head.followed_by(line)
        roots[head.size] = head.root
    for line in lines:
        record = read(line)
        data = {chain: [size, roots[size].hex()] for chain, (size, _) in record.data.items()}
        trail.add(PROCESS, TrailEntry(record.type, record.object, data, record.actor), record.time)
    if key:
        head, trail.local = ChainHead(), []
        for line in trail.chains[PROCESS]:
            head = head.followed_by(line)
            trail.local.append(signed(Checkpoint(ORIGIN, head.size, head.root), SIGNER))


def edit(trail: Trail) -> None:
    trail.chains[ACME][1] = _changed(trail.chains[ACME][1])


def delete(trail: Trail) -> None:
    del trail.chains[ACME][1]


def reorder(trail: Trail) -> None:
    lines = trail.chains[ACME]
    lines[1], lines[2] = lines[2], lines[1]


def edit_and_link(trail: Trail) -> None:
    edit(trail)
    _rewritten(trail, key=False)


def edit_link_and_drop_later_checkpoints(trail: Trail) -> None:
    edit(trail)
    _rewritten(trail, key=False)
    trail.local = trail.local[:1]


def edit_and_sign(trail: Trail) -> None:
    edit(trail)
    _rewritten(trail, key=True)


def insert_backdated(trail: Trail) -> None:
    trail.chains[ACME].insert(2, trail.chains[ACME][1])
    lines, trail.chains[PROCESS] = trail.chains[PROCESS], []
    _linked(trail, ACME)
    trail.local = []
    for _ in lines:
        trail.check(mirrored=False)


def restart_with_the_key(trail: Trail) -> None:
    trail.chains, trail.local = {PROCESS: [], ACME: []}, []
    trail.add(ACME, TrailEntry("decision", object="INC-0", data={"notify": False}))
    trail.check(mirrored=False)


def truncate_with_its_checkpoints(trail: Trail) -> None:
    del trail.chains[ACME][4:], trail.chains[PROCESS][1:], trail.local[1:]


def roll_back_to_a_backup(trail: Trail) -> None:
    truncate_with_its_checkpoints(trail)


def truncate_and_sign(trail: Trail) -> None:
    del trail.chains[ACME][3:], trail.chains[PROCESS][:]
    trail.local = []
    trail.check(mirrored=False)


def truncate_after_the_last_mirrored(trail: Trail) -> None:
    del trail.chains[ACME][8:], trail.chains[PROCESS][2:], trail.local[2:]


def edit_after_the_last_mirrored_and_sign(trail: Trail) -> None:
    trail.chains[ACME][9] = _changed(trail.chains[ACME][9])
    _rewritten(trail, key=True)


def never_write(trail: Trail) -> None:
    """As if the last record had never been: nothing has seen it."""
    del trail.chains[ACME][-1]


@dataclass(frozen=True)
class Attack:
    """What is done, and whether it is seen: by the links, with local checkpoints too, with those held elsewhere too."""

    do: Callable[[Trail], None]
    links: bool
    local: bool
    outside: bool


ATTACKS = [
    Attack(edit, True, True, True),
    Attack(delete, True, True, True),
    Attack(reorder, True, True, True),
    Attack(edit_and_link, False, True, True),
    Attack(edit_link_and_drop_later_checkpoints, False, True, True),
    Attack(edit_and_sign, False, False, True),
    Attack(insert_backdated, False, False, True),
    Attack(restart_with_the_key, False, False, True),
    Attack(truncate_with_its_checkpoints, False, False, True),
    Attack(roll_back_to_a_backup, False, False, True),
    Attack(truncate_and_sign, False, False, True),
    Attack(truncate_after_the_last_mirrored, False, False, False),
    Attack(edit_after_the_last_mirrored_and_sign, False, False, False),
    Attack(never_write, False, False, False),
]
"""The fourteen of the facts about notices, in their order."""


def attacked(attack: Attack) -> Trail:
    trail = grown()
    attack.do(trail)
    return replace(trail)
