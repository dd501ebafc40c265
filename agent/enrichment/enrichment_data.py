"""What enrichment needs beside the events: the lists, databases and networks of the settings, read once for all orgs.

Nothing here changes but which version of a file is in use, and all of it is safe for threads. What was worked out for an
org is cached in its own `Enricher`: then no org that logs many values, or is made to by who attacks it, pushes out what
was cached of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from agent.enrichment.address_database import AddressDatabases
from agent.enrichment.app_imitation import AppImitations, read_imitated
from agent.enrichment.approved_app import ApprovedApps
from agent.enrichment.client_kind import read_client_kinds
from agent.enrichment.indicator import Indicators
from agent.enrichment.leaver import Leavers
from agent.enrichment.lists.indicator_files import indicator_files
from agent.enrichment.lists.list_file import ListFiles
from agent.enrichment.network_set import NetworkSet, read_networks
from agent.enrichment.settings import EnrichSettings
from agent.errors import FileError
from agent.shipped import shipped


class EnrichmentData:
    """Read when it is made; files of leavers and address databases again when they are replaced."""

    def __init__(self, settings: EnrichSettings, files: ListFiles | None = None) -> None:
        """`files`: reads the lists; unless given, a file that cannot be used raises SettingsError or MappingError."""
        self.settings = settings
        files = files or ListFiles(strict=True)
        own = (files.read(settings.client_kinds, read_client_kinds) or []) if settings.client_kinds else []
        self.client_kinds = [*own, *read_client_kinds(shipped("mappings") / "client_kinds.yaml")]
        self.databases = AddressDatabases(settings.databases, files) if settings.databases else None
        self.corporate = NetworkSet(settings.corporate_networks) if settings.corporate_networks else None
        self.anonymizers = _anonymizers(settings.anonymizer_lists, files)
        self.expected_networks = {
            pattern: NetworkSet(networks) for pattern, networks in settings.expected_networks.items()
        }
        self.leavers = Leavers(settings.leavers, settings.leavers_last_day, files) if settings.leavers else None
        approved = settings.approved(files)
        self.approved = ApprovedApps(approved) if approved else None
        self.imitations = AppImitations(read_imitated(shipped("mappings") / "imitated_apps.yaml"), approved)
        listed = indicator_files(settings.indicators, settings.indicator_age, files)
        self.indicators = Indicators([indicator for file in listed.values() for indicator in file.indicators])

    @property
    def problems(self) -> Sequence[FileError]:
        """Lines of lists that were left out."""
        return self.leavers.problems if self.leavers is not None else ()


def _anonymizers(paths: Sequence[Path], files: ListFiles) -> tuple[NetworkSet, frozenset[int]] | None:
    """None if there is no list that can be used: then nobody knows which addresses hide people."""
    read = [listed for path in paths if (listed := files.read(path, read_networks)) is not None]
    numbers = frozenset(number for _, numbers in read for number in numbers)
    return (NetworkSet(network for networks, _ in read for network in networks), numbers) if read else None
