"""The servers, each started once for all tests that need it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.hec_collector import HecCollector
from tests.servers.opensearch_server import OpenSearch
from tests.servers.rsyslog import Rsyslog
from tests.servers.tenzir import TenzirBulk, TenzirHec


@pytest.fixture
def tenzir_hec(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TenzirHec]:
    server = TenzirHec(tmp_path_factory.mktemp("tenzir-hec"))
    yield server
    server.stop()


@pytest.fixture
def tenzir_bulk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TenzirBulk]:
    server = TenzirBulk(tmp_path_factory.mktemp("tenzir-bulk"))
    yield server
    server.stop()


@pytest.fixture
def hec_collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HecCollector]:
    server = HecCollector(tmp_path_factory.mktemp("hec-collector"))
    yield server
    server.stop()


@pytest.fixture
def rsyslog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rsyslog]:
    server = Rsyslog(tmp_path_factory.mktemp("rsyslog"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def opensearch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSearch]:
    """One for the session (it takes long to start): tests use namespaces or indices of their own."""
    server = OpenSearch(tmp_path_factory.mktemp("opensearch") / "server")
    yield server
    server.stop()
