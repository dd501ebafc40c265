"""The benchmark of several orgs runs; its figures are for `make bench-orgs`."""

from __future__ import annotations

import pytest

from tests.bench.orgs.__main__ import PARTS, main


@pytest.mark.parametrize("part", PARTS)
def test_each_part_prints_its_table(part: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Orgs in another process, a daemon in a third, and a line for each thing measured."""
    main(["--quick", "--only", part])
    printed = capsys.readouterr().out
    expected = {
        "idle": "private MB",
        "polled": "for an org",
        "busy": "plain",
        "delays": "nobody is in trouble",
        "failing": "polls above",
    }
    assert expected[part] in printed
    assert "ended" not in printed
