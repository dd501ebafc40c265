"""A real OpenSearch is asked for the newest checkpoint that it holds, with the credentials that deliver."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter

from agent.assembly.destinations import build_destination
from agent.config.settings import DestinationSettings
from agent.errors import Misconfigured
from tests.daemon.test_held_checkpoints import put_back
from tests.destinations.checkpoints import BEGIN, ORIGIN, events, taken
from tests.destinations.rows import one_chunk
from tests.servers.opensearch_server import OpenSearch

pytestmark = pytest.mark.server

Open = Callable[..., Any]


@pytest.fixture
def open_elastic() -> Iterator[Open]:
    opened = []

    def build(settings: dict[str, Any], **changes: Any) -> Any:
        typed: Any = TypeAdapter(DestinationSettings).validate_python(settings | changes)
        opened.append(build_destination(typed, lambda: BEGIN, threading.Event()))
        return opened[-1]

    yield build
    for destination in opened:
        destination.close()


@pytest.mark.parametrize("form", ["a data stream with the template", "an index without it"])
def test_the_longest_is_found(form: str, opensearch: OpenSearch, open_elastic: Open) -> None:
    """Of this trail, whichever came last; also where the server had to guess that texts are texts."""
    place = {"index": "held-checkpoints"} if form == "an index without it" else {"namespace": "held"}
    elastic = open_elastic(opensearch.admin_settings, **place)
    if "namespace" in place:
        elastic.install_template()
    assert elastic.newest_checkpoint(ORIGIN, 10.0) is None  # there is no such index
    longest = taken(12)
    for written in (taken(3), longest, taken(40, "leakline/ffffffff/trail"), taken(9)):
        elastic.send(one_chunk(elastic, events(written)))
    opensearch.client.post("/*/_refresh").raise_for_status()
    assert elastic.newest_checkpoint(ORIGIN, 10.0) == longest.note
    assert elastic.newest_checkpoint("leakline/00000000/trail", 10.0) is None


def test_credentials_that_may_only_write_cannot_be_asked_with(opensearch: OpenSearch, open_elastic: Open) -> None:
    """And it is not taken for an index without checkpoints."""
    elastic = open_elastic(opensearch.settings, namespace="heldwrite")
    elastic.send(one_chunk(elastic, events(taken(3))))
    with pytest.raises(Misconfigured, match="HTTP 403"):
        elastic.newest_checkpoint(ORIGIN, 10.0)


def test_an_old_copy_of_the_state_is_found(opensearch: OpenSearch, open_elastic: Open, tmp_path: Any) -> None:
    """As with files, by the search."""
    elastic = open_elastic(opensearch.admin_settings, namespace="heldcopy")
    three = put_back(tmp_path, elastic, turns=0)
    opensearch.client.post("/*/_refresh").raise_for_status()
    (found,) = three.verified().findings
    assert "had 3 when a checkpoint was signed" in found.message
    assert "(elastic holds that checkpoint)" in three.problems.open()[0].message
