"""What the kernel says of the clock, and that asking it harms nobody, whatever filter of system calls there is."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys

import pytest

from agent.daemon.clocks.kernel_clock import UNSYNCHRONISED_FROM, Timex, ask, kernel_clock
from agent.status.times import KernelClock
from tests.daemon.clocks import unit_filter
from tests.daemon.clocks.unit_filter import ROOT, UNIT, allowed, numbers

filtered = pytest.mark.skipif(bool(unit_filter.missing()), reason=unit_filter.missing() or "all is there")

EPERM = str(errno.EPERM)


@pytest.mark.parametrize(
    ("answer", "error", "expected"),
    [
        (0, 20_000, KernelClock("synchronised", 0.02)),
        (0, UNSYNCHRONISED_FROM, KernelClock("unsynchronised", 16.0)),
        (errno.EPERM, 0, KernelClock("may_not_ask")),
        (errno.EACCES, 0, KernelClock("may_not_ask")),
        (errno.ENOSYS, 0, KernelClock("not_there")),
    ],
)
def test_an_answer_is_read(answer: int, error: int, expected: KernelClock) -> None:
    """By the error that the kernel reckons with: the flag STA_UNSYNC is set as well where chrony leaves the hardware alone."""

    def question(times: Timex) -> int:
        assert times.modes == 0
        times.maxerror = error
        return answer

    assert kernel_clock(question) == expected


def test_the_structure_is_the_kernels() -> None:
    """A field behind the one that counts has what every kernel has there: about 10,000 µs a tick. Nothing is changed."""
    times = Timex(modes=0)
    failed = ask(times)
    if failed:
        pytest.skip(f"the kernel may not be asked here: {os.strerror(failed)}")
    assert 9_000 <= times.tick <= 11_000
    assert 0 <= times.maxerror <= UNSYNCHRONISED_FROM
    assert kernel_clock().state in ("synchronised", "unsynchronised")


def state_under(unit: str, refusal: str = EPERM) -> str:
    """What a process sees under the filter of a unit with this text."""
    asked = subprocess.run(
        [sys.executable, unit_filter.__file__, refusal, *map(str, numbers(allowed(unit)))],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    return asked.stdout.strip()


@filtered
def test_the_shipped_unit_forbids_the_question_and_leakline_runs_on() -> None:
    """`ProtectClock=yes` answers it with the error that the unit names."""
    unit = UNIT.read_text(encoding="utf-8")
    assert "SystemCallErrorNumber=EPERM" in unit
    assert state_under(unit) == "may_not_ask"


@filtered
def test_the_lines_of_the_page_let_it_be_asked() -> None:
    """docs/operating.md has a part for the unit, which allows the question and no answer that sets a clock."""
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    drop_in = re.search(r"```ini\n(\[Service\]\nProtectClock=.*?)```", page, re.DOTALL)
    assert drop_in is not None
    unit = UNIT.read_text(encoding="utf-8").replace("ProtectClock=yes\n", "") + drop_in[1]
    assert state_under(unit) == kernel_clock().state
    assert allowed(unit) & {"clock_settime", "clock_settime64", "settimeofday"} == set()


@filtered
def test_a_filter_that_ends_who_asks_is_noticed_before() -> None:
    """By a process that asks in our place."""
    unit = UNIT.read_text(encoding="utf-8")
    assert state_under(unit, "kill") == "deadly"
