"""Every type and operator of correlations, chains included, against an obvious evaluator: any split, order and restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detection.correlation import memory, piece_cache, text_codes
from agent.detection.detector import Detector
from agent.detection.load import load
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LogSource
from tests.detection.correlation.naive import Alert, Row, Spec, alerts, handed_on

FILES = LogSource("salesforce", "event_log_file")
TEN = datetime(2026, 7, 1, 10, tzinfo=UTC)
NOW = TEN + timedelta(days=30)
STEPS = ("a", "b", "c")

BASES = "".join(
    f"""
title: Rule {step}
name: {step}
logsource: {{product: salesforce, service: event_log_file}}
detection: {{sel: {{KIND: {step}}}, condition: sel}}
---"""
    for step in STEPS
)

CHILD = """
title: Child
name: child
correlation:
  type: event_count
  rules: [a, b]
  group-by: [USER_ID]
  timespan: 10m
  condition: {gte: 3}
---"""
COUNT_OF_THREE = Spec("event_count", ("a", "b"), lambda n: n >= 3)
UNHEARD = """
title: Unheard
name: child
correlation:
  type: temporal
  rules: [a, b]
  group-by: [USER_ID]
  timespan: 10m
  condition: a and not b
---"""
A_WITHOUT_B = Spec("temporal", ("a", "b"), terms=((("a",), ("b",)),), waits=True)


def correlation(
    kind: str, condition: str = "", rules: str = "[a, b, c]", more: str = "", group: str = "[USER_ID]"
) -> str:
    said = f"  condition: {condition}\n" if condition else ""
    by = f"  group-by: {group}\n" if group else ""
    return f"""
title: Tried
id: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c20
name: tried
correlation:
  type: {kind}
  rules: {rules}
{by}  timespan: 10m
{said}{more}"""


def number(kind: str, condition: str, holds, **spec) -> tuple[str, Spec]:
    said = condition if kind in ("event_count", "temporal", "temporal_ordered") else f"{{field: VALUE, {condition[1:]}"
    field = "VALUE" if kind.startswith("value") else ""
    waits = spec.pop("waits", False)
    return correlation(kind, said), Spec(kind, STEPS, holds, field=field, waits=waits, **spec)


def words(kind: str, expression: str, terms, *, waits: bool = False) -> tuple[str, Spec]:
    steps = tuple(
        step for step in STEPS if "them" in expression or step in expression.replace("(", " ").replace(")", " ").split()
    )
    return correlation(kind, expression, rules=f"[{', '.join(steps)}]"), Spec(kind, steps, terms=terms, waits=waits)


CASES: dict[str, tuple[str, Spec]] = {
    "count gte": number("event_count", "{gte: 3}", lambda n: n >= 3),
    "count gt": number("event_count", "{gt: 2}", lambda n: n > 2),
    "count lt": number("event_count", "{lt: 2}", lambda n: n < 2, lowest=True, waits=True),
    "count lte": number("event_count", "{lte: 2}", lambda n: n <= 2, lowest=True, waits=True),
    "count eq": number("event_count", "{eq: 2}", lambda n: n == 2, waits=True),
    "count neq": number("event_count", "{neq: 2}", lambda n: n != 2, waits=True),
    "count range": number("event_count", "{gt: 1, lte: 3}", lambda n: 1 < n <= 3, waits=True),
    "values gte": number("value_count", "{gte: 3}", lambda n: n >= 3),
    "values lt": number("value_count", "{lt: 2}", lambda n: n < 2, lowest=True, waits=True),
    "values range": number("value_count", "{gte: 2, lt: 4}", lambda n: 2 <= n < 4, waits=True),
    "sum gte": number("value_sum", "{gte: 9}", lambda n: n >= 9),
    "sum gt": number("value_sum", "{gt: 8.5}", lambda n: n > 8.5),
    "sum range": number("value_sum", "{gte: 4, lte: 9}", lambda n: 4 <= n <= 9, waits=True),
    "average gte": number("value_avg", "{gte: 3.5}", lambda n: n >= 3.5, waits=True),
    "average lt": number("value_avg", "{lt: 2}", lambda n: n < 2, lowest=True, waits=True),
    "median gt": number("value_median", "{gt: 3}", lambda n: n > 3, waits=True),
    "median eq": number("value_median", "{eq: 2.5}", lambda n: n == 2.5, waits=True),
    "percentile": (
        correlation("value_percentile", "{field: VALUE, percentile: 90, gte: 4.2}"),
        Spec("value_percentile", STEPS, lambda n: n >= 4.2, field="VALUE", percentile=90, waits=True),
    ),
    "temporal": (correlation("temporal"), Spec("temporal", STEPS, lambda n: n >= 3)),
    "temporal two": number("temporal", "{gte: 2}", lambda n: n >= 2),
    "temporal eq": number("temporal", "{eq: 2}", lambda n: n == 2, waits=True),
    "temporal words": words("temporal", "a and (b or c)", ((("a", "b"), ()), (("a", "c"), ()))),
    "temporal one of": words("temporal", "1 of them", ((("a",), ()), (("b",), ()), (("c",), ()))),
    "temporal all of": words("temporal", "all of them", ((("a", "b", "c"), ()),)),
    "temporal not": words("temporal", "a and not b", ((("a",), ("b",)),), waits=True),
    "temporal not two": words("temporal", "a and not (b and c)", ((("a",), ("b",)), (("a",), ("c",))), waits=True),
    "temporal not or": words(
        "temporal", "(a and not b) or (a and c)", ((("a",), ("b",)), (("a", "c"), ())), waits=True
    ),
    "ordered": (correlation("temporal_ordered"), Spec("temporal_ordered", STEPS, lambda n: n >= 3)),
    "ordered two": number("temporal_ordered", "{gte: 2}", lambda n: n >= 2),
    "ordered again": (
        correlation("temporal_ordered", rules="[a, b, a]"),
        Spec("temporal_ordered", ("a", "b", "a"), lambda n: n >= 3),
    ),
    "ordered range": number("temporal_ordered", "{gte: 1, lt: 3}", lambda n: 1 <= n < 3, waits=True),
    "ordered words": words("temporal_ordered", "a and c or b and c", ((("a", "c"), ()), (("b", "c"), ()))),
    "ordered not": words("temporal_ordered", "a and b and not c", ((("a", "b"), ("c",)),), waits=True),
    "no group": (
        correlation("event_count", "{gte: 5}", group=""),
        Spec("event_count", STEPS, lambda n: n >= 5, group_by=()),
    ),
    "two groups": (
        correlation("event_count", "{gte: 2}", group="[USER_ID, CLIENT_IP]"),
        Spec("event_count", STEPS, lambda n: n >= 2, group_by=("USER_ID", "CLIENT_IP")),
    ),
    "aliases": (
        correlation(
            "event_count", "{gte: 3}", group="[who]", more="  aliases: {who: {a: USER_ID, b: CLIENT_IP, c: USER_ID}}\n"
        ),
        Spec(
            "event_count",
            STEPS,
            lambda n: n >= 3,
            group_by=("who",),
            aliases={"who": {"a": "USER_ID", "b": "CLIENT_IP", "c": "USER_ID"}},
        ),
    ),
    "quiet": (
        correlation("event_count", "{gte: 2}", more="leakline: {quiet: 30m}\n"),
        Spec("event_count", STEPS, lambda n: n >= 2, quiet=30),
    ),
}
CHAINS: dict[str, tuple[str, Spec, Spec]] = {
    "burst, then": (
        CHILD + correlation("temporal_ordered", rules="[child, c]"),
        COUNT_OF_THREE,
        Spec("temporal_ordered", ("child", "c"), lambda n: n >= 2),
    ),
    "bursts of several": (
        CHILD + correlation("value_count", "{field: USER_ID, gte: 2}", rules="[child]", group="[CLIENT_IP]"),
        COUNT_OF_THREE,
        Spec("value_count", ("child",), lambda n: n >= 2, group_by=("CLIENT_IP",), field="USER_ID"),
    ),
    "no burst": (
        CHILD + correlation("temporal", "c and not child", rules="[child, c]"),
        COUNT_OF_THREE,
        Spec("temporal", ("child", "c"), terms=((("c",), ("child",)),), waits=True),
    ),
    "silence, then": (
        UNHEARD + correlation("temporal_ordered", rules="[child, c]"),
        A_WITHOUT_B,
        Spec("temporal_ordered", ("child", "c"), lambda n: n >= 2),
    ),
    "silences": (
        UNHEARD + correlation("event_count", "{gte: 2, lte: 3}", rules="[child]"),
        A_WITHOUT_B,
        Spec("event_count", ("child",), lambda n: 2 <= n <= 3, waits=True),
    ),
}

Event = tuple[str, str, str, int, int]
"""User, address, kind, minutes after ten, value."""

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", ""]),
        st.sampled_from(["192.0.2.1", "192.0.2.2"]),
        st.sampled_from(STEPS),
        st.integers(0, 70),
        st.integers(1, 5),
    ),
    max_size=26,
)


def rows(events: list[Event]) -> list[Row]:
    return [
        Row(n, minute, kind, {"USER_ID": user or None, "CLIENT_IP": address, "VALUE": value})
        for n, (user, address, kind, minute, value) in enumerate(events)
    ]


def frame(events: list[tuple[int, Event]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "event.id": [f"{number:032x}" for number, _ in events],
            "USER_ID": [e[0] or None for _, e in events],
            "CLIENT_IP": [e[1] for _, e in events],
            "KIND": [e[2] for _, e in events],
            "@timestamp": [TEN + timedelta(minutes=e[3]) for _, e in events],
            "VALUE": [str(e[4]) for _, e in events],
        },
        schema_overrides={
            "event.id": pl.String,
            "USER_ID": pl.String,
            "CLIENT_IP": pl.String,
            "KIND": pl.String,
            "@timestamp": pl.Datetime("ms", "UTC"),
            "VALUE": pl.String,
        },
    )


class Store(dict):
    """The state: what was committed."""

    def apply(self, changes):
        for key, value in changes.items():
            assert value is None or len(value) < 1_000_000
            if value is None:
                self.pop(key, None)
            else:
                self[key] = value


def run(
    loaded: RuleSet, batches: list[list[tuple[int, Event]]], restarts: list[bool], lateness: timedelta
) -> list[dict]:
    """All that is said, in its order. Every batch is tried twice, as after a failed transaction."""
    store = Store()
    late = {"event_log_file": lateness}
    detector = Detector(loaded, recall=store.get, lateness=late)
    said: list[dict] = []
    end = [(9_999_999, ("", "", "", 60 * 24 * 20, 0))]  # the watermark passes everything
    for number, batch in enumerate([*batches, end]):
        detector.detect(frame(batch), FILES, NOW)
        detection = detector.detect(frame(batch), FILES, NOW)
        store.apply(detection.remember)
        detection.commit()
        said += [row for row in detection.alerts.to_dicts() if row["rule.name"] == "Tried"]
        if restarts[number % len(restarts)]:
            detector = Detector(loaded, recall=store.get, lateness=late)
    assert not any(reason in ("late", "crowded") for _, reason in detector.correlating.left_out)
    return said


def final(said: list[dict]) -> set[Alert]:
    """The last word on every alert that was not joined to another."""
    last = {row["leakline.alert.id"]: row for row in said}
    return {
        (
            tuple(part.split("=")[1] for part in row["leakline.correlation.group"].split(", ") if part),
            int((row["event.start"] - TEN).total_seconds() // 60),
            int((row["event.end"] - TEN).total_seconds() // 60),
            row["leakline.correlation.count"],
            row["leakline.measure.value"],
            frozenset(int(one, 16) for one in row["leakline.alert.event_ids"]),
        )
        for row in last.values()
        if not row.get("leakline.alert.merged_into")
    }


@pytest.fixture(scope="module", autouse=True)
def _little_room():
    """Pieces are small, soon made into one, and read again from the state whenever they are looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(piece_cache, "ROOM", 1)
        patch.setattr(memory, "PIECE_ROWS", 4)
        patch.setattr(memory, "SMALL_PIECES", 2)
        patch.setattr(memory, "DELTAS", 2)
        patch.setattr(text_codes, "PIECES", 2)
        patch.setattr(text_codes, "FRESH", 60_000)
        yield


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """Rule sets by the text of their correlations, loaded once."""
    folder, known = tmp_path_factory.mktemp("rules"), {}

    def one(text: str) -> RuleSet:
        if text not in known:
            path = folder / f"{len(known)}.yml"
            path.write_text(BASES + text)
            known[text] = load([path])
            assert not known[text].errors, known[text].errors
        return known[text]

    return one


def batches_of(order: list[tuple[int, Event]], cuts: list[int]) -> list[list[tuple[int, Event]]]:
    edges = sorted(min(cut, len(order)) for cut in cuts)
    return [order[a:b] for a, b in zip([0, *edges], [*edges, len(order)], strict=True)]


CUTS = st.lists(st.integers(0, 26), max_size=5)
RESTARTS = st.lists(st.booleans(), min_size=1, max_size=4)


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=20, deadline=None)
@given(events=EVENTS, cuts=CUTS, restarts=RESTARTS, dice=st.randoms(use_true_random=False))
def test_any_split_order_and_restart_end_in_the_alerts_of_an_obvious_evaluator(
    case, ready, events, cuts, restarts, dice
):
    """Late rows are put in by their time; alerts agree by group, start, end, count, measured value and ids."""
    text, spec = CASES[case]
    order = list(enumerate(events))
    dice.shuffle(order)
    said = run(ready(text), batches_of(order, cuts), restarts, timedelta(hours=30))
    assert final(said) == alerts(spec, rows(events))


@pytest.mark.parametrize("case", CHAINS)
@settings(max_examples=20, deadline=None)
@given(events=EVENTS, cuts=CUTS, restarts=RESTARTS, dice=st.randoms(use_true_random=False))
def test_so_do_correlations_of_correlations(case, ready, events, cuts, restarts, dice):
    """What one hands on to the next is a row at which its condition held."""
    text, child, parent = CHAINS[case]
    order = list(enumerate(events))
    dice.shuffle(order)
    said = run(ready(text), batches_of(order, cuts), restarts, timedelta(hours=30))
    assert final(said) == alerts(parent, [*rows(events), *handed_on(child, rows(events), "child")])


@pytest.mark.parametrize("case", [*CASES, *CHAINS])
@settings(max_examples=12, deadline=None)
@given(start=EVENTS, steps=st.lists(st.integers(0, 9), max_size=90), cuts=CUTS, restarts=RESTARTS)
def test_what_is_let_go_on_the_way_is_neither_lost_nor_counted_twice(case, ready, start, steps, cuts, restarts):
    """Alerts that go on for hours, in order, while the watermark follows the rows closely."""
    minute, events = 0, []
    for place, step in enumerate(steps):
        minute += step
        user, address, kind, _, value = (
            start[place % len(start)] if start else ("A", "192.0.2.1", STEPS[place % 3], 0, 2)
        )
        events.append((user, address, kind, minute, value))
    batches = batches_of(list(enumerate(events)), [cut * 4 for cut in cuts])
    text, *specs = CHAINS[case] if case in CHAINS else CASES[case]
    seen = rows(events)
    if case in CHAINS:
        seen = [*seen, *handed_on(specs[0], seen, "child")]
    said = run(ready(text), batches, restarts, timedelta())
    wanted = {
        (group, start, end, count, measured, frozenset(sorted(ids, key=lambda n: (events[n][3], n))[:100]))
        for group, start, end, count, measured, ids in alerts(specs[-1], seen)
    }
    assert final(said) == wanted


@pytest.mark.parametrize("case", [*CASES, *CHAINS])
@settings(max_examples=10, deadline=None)
@given(events=EVENTS, cuts=CUTS, dice=st.randoms(use_true_random=False))
def test_what_is_told_early_stands(case, ready, events, cuts, dice):
    """Each alert raised on the way is in the end an alert of its rule and group that contains it, or part of one."""
    order = list(enumerate(events))
    dice.shuffle(order)
    said = run(
        ready((CHAINS[case] if case in CHAINS else CASES[case])[0]),
        batches_of(order, cuts),
        [False],
        timedelta(hours=30),
    )
    ends = final(said)
    for row in said:
        begin, end = (int((row[f"event.{edge}"] - TEN).total_seconds() // 60) for edge in ("start", "end"))
        group = tuple(part.split("=")[1] for part in row["leakline.correlation.group"].split(", ") if part)
        assert any(one[0] == group and one[1] <= begin and end <= one[2] for one in ends)
