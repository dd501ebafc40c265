"""Indexer acknowledgement: waited for, missing, never offered."""

from __future__ import annotations

import pytest

from agent.errors import Misconfigured, Unavailable
from tests.destinations.conftest import OpenSplunk, StartHttp
from tests.destinations.hec_server import HecServer, hec_reply
from tests.destinations.rows import never_over, one_chunk, rows


def test_acknowledgements_are_waited_for(http: StartHttp, open_splunk: OpenSplunk) -> None:
    """Rows count as accepted when the indexers have them, asked again and again with growing pauses."""
    hec = HecServer(acknowledges=True)
    hec.acknowledge_after = 4
    pauses: list[float] = []
    splunk = open_splunk(server := http(hec), wait=never_over(pauses), acknowledgements=True)
    splunk.send(one_chunk(splunk, rows(3)))
    assert pauses == [0.1, 0.2, 0.4]
    channels = {request.headers["X-Splunk-Request-Channel"] for request in server.requests}
    assert len(channels) == 1
    splunk.send(one_chunk(splunk, rows(3, first=3)))
    assert len(hec.events) == 6


def test_an_acknowledgement_that_never_comes(http: StartHttp, open_splunk: OpenSplunk) -> None:
    """After `acknowledgement_timeout` the same rows go again."""
    hec = HecServer(acknowledges=True)
    hec.forgets = True
    waited: list[float] = []
    splunk = open_splunk(http(hec), wait=never_over(waited), acknowledgements=True, acknowledgement_timeout="20s")
    with pytest.raises(Unavailable, match="no acknowledgement within 20 s"):
        splunk.send(one_chunk(splunk, rows(3)))
    assert 20 <= sum(waited) < 26


def test_stopping_does_not_wait_for_acknowledgements(http: StartHttp, open_splunk: OpenSplunk) -> None:
    """When it is time to go, rows without acknowledgement are left for the next start."""
    hec = HecServer(acknowledges=True)
    hec.forgets = True
    splunk = open_splunk(http(hec), wait=lambda _: True, acknowledgements=True)
    with pytest.raises(Unavailable, match="stopped"):
        splunk.send(one_chunk(splunk, rows(3)))


def test_a_token_without_acknowledgements_gets_nothing(http: StartHttp, open_splunk: OpenSplunk) -> None:
    """Where acknowledgements are asked for and not to be had, no row is sent at all."""
    hec = HecServer()
    splunk = open_splunk(http(hec), acknowledgements=True)
    with pytest.raises(Misconfigured, match="code 14"):
        splunk.send(one_chunk(splunk, rows(3)))
    assert hec.events == []


def test_a_half_accepted_request_with_acknowledgements_goes_again_whole(
    http: StartHttp, open_splunk: OpenSplunk
) -> None:
    """The answer to it has no acknowledgement id, so the rows before the bad one are not known to be indexed."""
    splunk = open_splunk(server := http(HecServer(acknowledges=True)), acknowledgements=True)
    splunk.send(one_chunk(splunk, rows(1)))
    server.script.append(hec_reply(400, 6, bad_event=1))
    outcome = splunk.send(one_chunk(splunk, rows(3)))
    assert list(outcome.retry) == [0, 2]
