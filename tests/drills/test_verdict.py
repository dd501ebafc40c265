"""What is said of a drill that has ended."""

from __future__ import annotations

import orjson
import pytest

from agent.drills.drill import STAGES, Drill, decode, document, encode, sentence

AT = "2026-11-27T09:00:00Z"


def _drill(failed: tuple[str, ...] = (), idle: tuple[str, ...] = (), interrupted: str = "") -> Drill:
    """With all stages, as the state has it."""
    verdicts = {
        **dict.fromkeys(STAGES, "passed"),
        **dict.fromkeys(failed, "failed"),
        **dict.fromkeys(idle, "not set up"),
    }
    stages = [
        {"name": name, "verdict": verdict, "sentence": f"of {name}", "at": AT} for name, verdict in verdicts.items()
    ]
    times = {"asked_at": AT, "begun_at": AT, "ended_at": AT}
    kept = {
        "id": "D-2026-0001",
        "scenario": "org_export",
        "by": "ana",
        "speed": 1,
        "stages": stages,
        "incidents": ["inc-1"],
    }
    return decode(orjson.dumps({**kept, **times, "interrupted": interrupted}))


@pytest.mark.parametrize(
    ("drill", "verdict", "said"),
    [
        (_drill(), "passed", "D-2026-0001 (org_export) passed"),
        (
            _drill(idle=("clocks", "notified")),
            "passed",
            "D-2026-0001 (org_export) passed; not set up: clocks, notified",
        ),
        (_drill(failed=("notified",)), "failed", "D-2026-0001 (org_export) failed at notified: of notified"),
        (
            _drill(failed=("detected", "grouped"), idle=("clocks",)),
            "failed",
            "D-2026-0001 (org_export) failed at detected: of detected; grouped: of grouped",
        ),
        (_drill(interrupted="it was stopped"), "failed", "D-2026-0001 (org_export) failed: it was stopped"),
    ],
)
def test_one_sentence_says_how_a_drill_ended(drill: Drill, verdict: str, said: str) -> None:
    """One stage that failed is enough, and so is an end that was not its own; stages without settings are named."""
    assert (drill.verdict, sentence(drill)) == (verdict, said)
    assert document(drill)["verdict"] == verdict


def test_a_drill_is_read_as_it_was_written() -> None:
    """Every field of it."""
    drill = _drill(failed=("trail",), interrupted="it was stopped")
    assert decode(encode(drill)) == drill


@pytest.mark.parametrize("damaged", [b"", b"{}", b"[]", b'{"id": 7}', encode(_drill())[:-9]])
def test_what_is_no_drill_is_refused(damaged: bytes) -> None:
    """With ValueError, which those who read the state expect."""
    with pytest.raises(ValueError, match="validation error"):
        decode(damaged)
