"""Checkpoints are found in what destinations received."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.trail.received import note_in, note_in_line
from tests.trail.attacks import grown
from tests.trail.test_attacks import exported, stands_alone

FORMS: dict[str, Any] = {
    "a line of an export": lambda note: {"size": 3, "note": note},
    "an event": lambda note: {"event": {"action": "x"}, "leakline": {"trail": {"note": note}}},
    "dotted names": lambda note: {"leakline.trail.note": note},
    "an export of Elasticsearch": lambda note: {"_source": {"leakline": {"trail": {"note": note}}}},
    "fields of Elasticsearch": lambda note: {"fields": {"leakline.trail.note": [note]}},
    "an export of Splunk": lambda note: {"result": {"leakline.trail.note": note}},
    "an event of Splunk": lambda note: {"time": 1, "event": {"leakline": {"trail": {"note": note}}}},
}


@pytest.mark.parametrize("form", FORMS)
def test_a_checkpoint_is_found_in_whatever_is_around_it(form: str, tmp_path: Path) -> None:
    """Both verifiers read the SIEM's own lines, and pass over those without a checkpoint."""
    trail = grown()
    assert note_in(FORMS[form](trail.outside[0])) == trail.outside[0]
    folder = exported(trail, tmp_path)
    lines = [json.dumps({"event": {"action": "source-failed"}}), json.dumps(FORMS[form](trail.outside[0]))]
    (folder / "siem.ndjson").write_text("".join(f"{line}\n" for line in lines))
    assert stands_alone(folder, "siem.ndjson")


@pytest.mark.parametrize("header", ["", "<134>1 2026-11-27T08:00:00Z host leakline - - - "])
@pytest.mark.parametrize("end", ["", " leaklineTrail_size=3"])
def test_a_checkpoint_is_found_in_a_line_of_cef(header: str, end: str, tmp_path: Path) -> None:
    """What a syslog server keeps is as good a witness as JSON: both verifiers read it, and see a trail that was cut."""
    trail = grown()
    note = trail.outside[0]
    escaped = note.replace("\\", "\\\\").replace("=", "\\=").replace("\n", "\\n")
    line = (
        f"{header}CEF:0|Leakline|Leakline|0.1.0|leakline|trail-checkpoint|1|msg=a b leaklineTrail_note={escaped}{end}\n"
    )
    assert note_in_line(line.encode()) == note
    folder = exported(trail, tmp_path)
    (folder / "siem.cef").write_text("CEF:0|Leakline|Leakline|0.1.0|leakline|alert-raised|8|msg=x\n" + line)
    assert stands_alone(folder, "siem.cef")
    process = folder / "process.jsonl"
    process.write_bytes(process.read_bytes().splitlines(keepends=True)[0])
    assert not stands_alone(folder, "siem.cef")


@pytest.mark.parametrize("document", [None, 5, [], ["note"], {"note": 5}, {"leakline": "trail"}, {"a.trail.note": "b"}])
def test_what_has_no_checkpoint_gives_none(document: object) -> None:
    """Whatever the line is."""
    assert note_in(document) is None


def test_a_file_without_a_checkpoint_does_not_pass_for_one(tmp_path: Path) -> None:
    """It would look as if the trail had been compared with what the SIEM holds."""
    folder = exported(grown(), tmp_path)
    (folder / "siem.ndjson").write_text('{"event":{"action":"source-failed"}}\n')
    assert not stands_alone(folder, "siem.ndjson")
