"""Each attack is seen where it can be, and the page for auditors says where it cannot. The stand-alone verifier agrees."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from agent.trail.verify import MOST_FINDINGS, PROCESS, TrailReport, verify
from tests.trail.attacks import ACME, ATTACKS, ORIGIN, SIGNER, Attack, Trail, attacked, grown

VERIFIER = Path(__file__).parents[2] / "packaging" / "verify_trail.py"
NAMES = [attack.do.__name__ for attack in ATTACKS]


def judged(trail: Trail, notes: list[str]) -> TrailReport:
    chains = {name: lines.copy for name, lines in trail.chains.items()}
    return verify(chains, notes, [SIGNER.verifier], ORIGIN)


def exported(trail: Trail, folder: Path) -> Path:
    for name, lines in trail.chains.items():
        path = folder / ("process.jsonl" if name == PROCESS else f"org-{name}.jsonl")
        path.write_bytes(b"".join(line + b"\n" for line in lines))
    for name, notes in {"checkpoints.jsonl": trail.local, "outside.jsonl": trail.outside}.items():
        (folder / name).write_text("".join(json.dumps({"note": note}) + "\n" for note in notes))
    (folder / "keys.txt").write_text(f"{SIGNER.verifier}\n")
    (folder / "origin.txt").write_text(f"{ORIGIN}\n")
    return folder


def stands_alone(folder: Path, *further: str) -> bool:
    command = [sys.executable, str(VERIFIER), str(folder), *(str(folder / name) for name in further)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode == 0


def test_a_trail_that_nobody_touched_is_whole(tmp_path: Path) -> None:
    """With every checkpoint there is, by both verifiers."""
    trail = grown()
    report = judged(trail, [*trail.local, *trail.outside])
    assert report.findings == []
    assert (report.records, report.covered) == ({PROCESS: 3, ACME: 13}, 3)
    assert stands_alone(exported(trail, tmp_path), "outside.jsonl")


@pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)
def test_an_attack_is_seen_where_it_can_be(attack: Attack, tmp_path: Path) -> None:
    """By links alone, with the checkpoints that lie beside the trail, and with those that were sent elsewhere."""
    trail = attacked(attack)
    seen = [not judged(trail, notes).whole for notes in ([], trail.local, [*trail.local, *trail.outside])]
    assert seen == [attack.links, attack.local, attack.outside]
    folder = exported(trail, tmp_path)
    assert [not stands_alone(folder), not stands_alone(folder, "outside.jsonl")] == seen[1:]


def test_every_finding_says_where() -> None:
    """The first record that is wrong is named."""
    trail = grown()
    trail.chains[ACME][5] = trail.chains[ACME][5].replace(b"INC-1-1", b"INC-1-9")
    report = judged(trail, trail.local)
    assert (report.findings[0].chain, report.findings[0].seq) == (ACME, 6)


def test_one_chain_with_many_differences_hides_none_of_another() -> None:
    """Of each the first ones are named, and the others counted."""
    trail = grown()
    lines = {name: [line.replace(b'"v":1', b'"v":7') for line in kept] for name, kept in trail.chains.items()}
    many = [lines[PROCESS][0]] * (MOST_FINDINGS + 30)
    report = verify({PROCESS: many.copy, ACME: lines[ACME].copy}, [], [SIGNER.verifier], ORIGIN)
    found = Counter(finding.chain for finding in report.findings)
    assert found == {PROCESS: MOST_FINDINGS, ACME: len(lines[ACME])}
    assert report.further == {PROCESS: 30}


HEADS_THAT_ARE_NONE = [
    "5",
    "[1]",
    '["x","y"]',
    '[3,"zz"]',
    '[9e99,"00"]',
    "null",
    '[-1,"00"]',
    "[true,false]",
    '["x","00"]',
]


@pytest.mark.parametrize("head", HEADS_THAT_ARE_NONE)
def test_a_noted_head_that_is_none_is_a_finding(head: str, tmp_path: Path) -> None:
    """Whoever writes nonsense into the process's chain ends no verifier."""
    trail = grown()
    line = json.loads(trail.chains[PROCESS][1])
    line["data"] = {ACME: json.loads(head)}
    trail.chains[PROCESS][1] = json.dumps(line).encode()
    report = judged(trail, trail.local)
    assert (PROCESS, 1) in {(finding.chain, finding.seq) for finding in report.findings}
    assert not stands_alone(exported(trail, tmp_path))


def test_a_chain_that_cannot_be_read_is_a_finding() -> None:
    """The others are verified all the same."""

    def unreadable() -> list[bytes]:
        raise PermissionError(13, "Permission denied")

    trail = grown()
    chains = {PROCESS: trail.chains[PROCESS].copy, ACME: unreadable}
    report = verify(chains, trail.local, [SIGNER.verifier], ORIGIN)
    assert [finding.chain for finding in report.findings] == [ACME, ACME]
    assert "Permission denied" in report.findings[0].message
    assert report.covered == 3
