"""What holds of every change."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.changes.classes.change_class import GRAVITY, Difference, gravest
from agent.changes.classes.comparisons.governed import differences
from tests.changes.classes.documents import Document, governed
from tests.changes.classes.test_examples import EXAMPLES

WIDENS = ("notice.policies[1].orgs", "notice.on_call.rotations[1].hours", "notice.on_call.rotations[1].holidays")
"""Places where less means more: without orgs a policy is for all of them, without hours a rotation is always on call."""

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10_000),
    st.floats(),
    st.sampled_from(
        ["", "1s", "15m", "9d", "PT15M", "high", "low", "all", "everyone", "0 9 * * *", "admin", "detected"]
    ),
    st.just([]),
    st.just({}),
    st.lists(st.sampled_from(["eu", "mail", "high", 0.5, None, {"name": "x"}, {"name": ["x"]}]), max_size=3),
    st.dictionaries(
        st.sampled_from(["name", "file", "after", "*", "groups"]), st.sampled_from(["x", None, 3]), max_size=2
    ),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something is in a document, by keys and numbers."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in entries:
        yield (*path, key)
        yield from places(below, (*path, key))


def removals(document: Document, path: tuple[Any, ...]) -> Iterator[Document]:
    """The document with nothing at this place, and with null there."""
    for null in (False, True):
        copied = copy.deepcopy(document)
        above: Any = copied
        for key in path[:-1]:
            above = above[key]
        if null:
            above[path[-1]] = None
        else:
            del above[path[-1]]
        yield copied


PLACES = list(places(governed()))


def put(document: Document, path: tuple[Any, ...], value: Any) -> Document:
    """The document with another value at a place."""
    copied = copy.deepcopy(document)
    above: Any = copied
    for key in path[:-1]:
        above = above[key]
    above[path[-1]] = value
    return copied


def written(path: tuple[Any, ...]) -> str:
    """Such as `notice.policies[1].orgs`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")


def test_equal_documents_do_not_differ() -> None:
    """A copy has no difference, and no difference is neutral."""
    assert differences(governed(), json.loads(json.dumps(governed()))) == []
    assert gravest([]) == "neutral"


def test_every_removal_below_notice_weakens() -> None:
    """Whatever is removed there, or set to null: a duty, a person, a way, a date."""
    document = governed()
    checked, found = 0, []
    for path in [path for path in PLACES if path[0] == "notice" and not written(path).startswith(WIDENS)]:
        above: Any = document
        for key in path:
            above = above[key]
        for removed in removals(document, path) if above not in (None, []) and above != {} else ():
            checked += 1
            if gravest(differences(document, removed)) not in ("weaken", "forbidden"):
                found.append(written(path))
    assert found == []
    assert checked > 300


def test_there_and_back_is_never_stronger_both_ways() -> None:
    """Of each change of the examples: what strengthens weakens when it is taken back, or is neutral."""
    for edit, _, path in EXAMPLES:
        document = governed()
        edit(document)
        classes = gravest(differences(governed(), document)), gravest(differences(document, governed()))
        assert classes != ("strengthen", "strengthen"), path


@settings(max_examples=600, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3))
def test_any_two_documents_can_be_compared(edits: list[tuple[tuple[Any, ...], Any]]) -> None:
    """Whatever is written: nothing is raised, nothing changed goes unseen, and no place is stronger both ways."""
    document = governed()
    for path, value in edits:
        try:
            document = put(document, path, value)
        except (KeyError, IndexError, TypeError):  # an edit before it removed the place
            continue
    before = copy.deepcopy(document)
    there, back = differences(governed(), document), differences(document, governed())
    assert json.dumps(document) == json.dumps(before)
    for difference in (*there, *back):
        assert difference.change_class in GRAVITY
        assert difference.path
        assert difference.why
    strengthened = [{found.path for found in way if found.change_class == "strengthen"} for way in (there, back)]
    assert strengthened[0] & strengthened[1] == set()
    assert (gravest(there), gravest(back)) != ("strengthen", "strengthen")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), VALUES)
def test_what_changed_is_seen(path: tuple[Any, ...], value: Any) -> None:
    """A document that differs in its JSON has a difference, unless it only says null where nothing was said."""
    document = put(governed(), path, value)
    if not _is_same_without_nulls(document, governed()):
        assert differences(governed(), document) != [], written(path)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_order_of_named_lists_does_not_matter(data: st.DataObject) -> None:
    """People, channels, rotations, contracts and destinations can be written in any order; policies cannot."""
    document = governed()
    for place in ("people", "channels", "contracts", "jurisdictions"):
        document["notice"][place] = data.draw(st.permutations(document["notice"][place]))
    document["notice"]["on_call"]["rotations"] = data.draw(st.permutations(document["notice"]["on_call"]["rotations"]))
    document["destinations"] = data.draw(st.permutations(document["destinations"]))
    assert gravest(differences(governed(), document)) == "neutral"
    document["notice"]["policies"].reverse()
    assert gravest(differences(governed(), document)) == "weaken"


def test_the_gravest_class_decides() -> None:
    """Forbidden before weaken, strengthen and neutral, in whatever order they come."""
    found = [Difference("a", 1, 2, change_class, "Because.") for change_class in GRAVITY]
    assert [gravest(found[: number + 1]) for number in range(4)] == list(GRAVITY)
    assert gravest(found[::-1]) == "forbidden"


def _is_same_without_nulls(document: Any, other: Any) -> bool:
    return bool(_without_nulls(document) == _without_nulls(other))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _without_nulls(below) for key, below in value.items()}
        return {key: below for key, below in kept.items() if below not in (None, "null")} or "null"
    if isinstance(value, list):
        return [_without_nulls(below) for below in value] or "null"
    return f"{type(value).__name__} {value}" if isinstance(value, bool) else value
