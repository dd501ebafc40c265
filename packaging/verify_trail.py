"""Verify an exported trail without Leakline: `python verify_trail.py FOLDER [CHECKPOINTS …]`.

FOLDER is what `leakline trail export` wrote. CHECKPOINTS are further files of lines of JSON or CEF, best what a SIEM received: what
lies beside the trail can be cut with it. A line has a `note`, or is an event with `leakline.trail.note`; others are passed over.
Needs Python 3.11 and the package `cryptography`. Exit status: 0 whole, 1 not.
"""

import base64
import hashlib
import json
import re
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HEADS, PROCESS, FIRST = "heads", "", bytes(32)
CEF_NOTE = re.compile(r"CEF:.* leaklineTrail_note=((?:[^\\=]|\\.)*?)(?= \w+=|\s*$)")


def leaf(line):  # RFC 9162, section 2.1.1
    return hashlib.sha256(b"\x00" + line).digest()


def grow(roots, size, new):  # the roots of the full trees that a tree of `size` leaves is made of
    while size & 1:
        new, size = hashlib.sha256(b"\x01" + roots.pop() + new).digest(), size >> 1
    roots.append(new)


def root(roots):
    found = roots[-1] if roots else hashlib.sha256(b"").digest()
    for left in reversed(roots[:-1]):
        found = hashlib.sha256(b"\x01" + left + found).digest()
    return found


def public_keys(folder):  # <name>+<id>+<base64 of 0x01 and the key>, c2sp.org/signed-note
    keys = {}
    for text in (folder / "keys.txt").read_text().split():
        name, _, encoded = text.split("+", 2)
        raw = base64.b64decode(encoded)
        id_ = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
        keys[name, id_] = Ed25519PublicKey.from_public_bytes(raw[1:])
    return keys


def note_of(line):  # of a line of an export, or of an event, whatever a SIEM put around it
    if line.lstrip()[:1] not in b"{[" and b"CEF:" in line:
        found = CEF_NOTE.search(line.decode(errors="replace"))
        return re.sub(r"\\(.)", lambda escaped: escaped[1].replace("n", "\n"), found[1]) if found else None
    waiting = [("", json.loads(line))]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str) and (path == ".note" or f".{path}".endswith(".leakline.trail.note")):
            return value
        if isinstance(value, dict):
            waiting += [(f"{path}.{name}", inner) for name, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(path, inner) for inner in value]
    return None


def checkpoint(note, keys):  # (origin, size, root), or None
    text, _, signatures = note.rpartition("\n\n")
    text, signed = text + "\n", False
    for line in signatures.rstrip("\n").split("\n"):
        _, name, encoded = line.split(" ")
        raw = base64.b64decode(encoded)
        if key := keys.get((name, raw[:4])):
            try:
                key.verify(raw[4:], text.encode())
            except InvalidSignature:
                return None
            signed = True
    origin, size, encoded = text.split("\n")[:3]
    return (origin, int(size), base64.b64decode(encoded)) if signed else None


def lines_of(path):
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line[:-1]


def walk(path, wanted, bad, see=lambda _record: None):  # follow the links; `wanted`: size to root
    chain, size, previous, roots = path.stem, 0, FIRST, []
    name = PROCESS if chain == "process" else chain.removeprefix("org-")
    for line in lines_of(path):
        try:
            record = json.loads(line)
            if (record["chain"], record["seq"], record["previous"]) != (name, size, previous.hex()):
                bad.append(f"{chain}: record {size} does not follow the one before it")
            see(record)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            bad.append(f"{chain}: line {size} is not a record")
        previous = leaf(line)
        grow(roots, size, previous)
        size += 1
        if size in wanted and wanted[size] != root(roots):
            bad.append(f"{chain}: the first {size} records are not those that were noted or signed")
    if wanted and max(wanted) > size:
        bad.append(f"{chain}: it has {size} records, and had {max(wanted)}: the end was taken away")
    return size


def verify(folder, further=()):
    bad, signed, heads, keys = [], {}, {}, public_keys(folder)
    origin = (folder / "origin.txt").read_text().strip()
    for path in (folder / "checkpoints.jsonl", *further):
        count = 0
        for line in lines_of(path):
            try:
                if (note := note_of(line)) is None:
                    continue
                count, found = count + 1, checkpoint(note, keys)
            except (ValueError, TypeError, AttributeError):
                found = None
            if found is None or found[0] != origin:
                bad.append(f"{path.name}: a checkpoint is not signed by a known key, or is of another trail")
            elif signed.setdefault(found[1], found[2]) != found[2]:
                bad.append(f"{path.name}: two checkpoints of {found[1]} records differ")
        if path in further and not count:
            bad.append(f"{path.name}: it has no checkpoint")

    def note_heads(record):
        if record["type"] == HEADS:
            for chain, (size, text) in record["data"].items():
                heads.setdefault(chain, {})[int(size)] = bytes.fromhex(text)

    count = walk(folder / "process.jsonl", {size: found for size, found in signed.items() if size}, bad, note_heads)
    paths = {path.stem.removeprefix("org-"): path for path in folder.glob("org-*.jsonl")}
    for chain in sorted(paths.keys() | heads.keys()):
        if chain not in paths:
            bad.append(f"org-{chain}: the whole chain is missing")
        else:
            count += walk(paths[chain], heads.get(chain, {}), bad)
    return count, max(signed, default=0), bad


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    total, covered, wrong = verify(Path(sys.argv[1]), [Path(path) for path in sys.argv[2:]])
    whole = f"whole: {total} records; a signed checkpoint covers {covered} of the process's chain"
    print("\n".join(wrong) or whole)
    sys.exit(bool(wrong))
