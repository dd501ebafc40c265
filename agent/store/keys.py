"""The layout of the state: every family of keys, whose it is and what its values are.

A key is the name of its shard and what follows here: `org/acme/cursor/acme/event_log_file`. Shards are `org/<name>/`,
one for each org of the settings, and `process/` for what is of no org. Only `state/…` stands outside shards.

Parts of a key are separated by `/`, which the names of orgs and destinations do not have. A family whose prefix ends
with `/` has many keys; the others are one key each.

A change of what a family's values are, or of a key, is a new version: raise `VERSION`, add the migration to
`agent.store.directory.migrations`, and run `python -m tests.store.versions.make`, which keeps a directory of the new
version for the tests. The directories of older versions stay.
"""

from __future__ import annotations

from dataclasses import dataclass

VERSION = 1
"""Of the whole layout: of keys, values, batch files and folders."""

PROCESS = ""
"""The name of the shard for what is of no org."""

ORGS, OF_PROCESS = "org/", "process/"
"""What the keys of all orgs' shards begin with, and those of the process's."""


@dataclass(frozen=True, slots=True)
class KeyFamily:
    """Keys that begin alike."""

    prefix: str
    owner: str
    """The module that writes them; others ask it."""
    value: str
    """What follows the prefix, and what stands under it."""

    def key(self, *parts: str | int) -> str:
        """The key of this family for its parts. Numbers get sixteen digits: keys are read back in the order of their
        text, which must be that of the numbers.
        """
        return self.prefix + "/".join(f"{part:016d}" if isinstance(part, int) else part for part in parts)

    def rest(self, key: str) -> str:
        """What follows the prefix."""
        return key.removeprefix(self.prefix)


# Reading

CURSOR = KeyFamily("cursor/", "agent.pipeline.ingest", "source: text, `Cursor`, understood by its source alone")
MEMORY = KeyFamily("memory/", "agent.pipeline.ingest", "source/key: bytes that the source asked to remember")
TAKEN = KeyFamily(
    "taken-once/",
    "agent.store.taken.stored_ids",
    "family/hour/number: 8 bytes an id, of those first committed from that hour on",
)
ATTEMPT = KeyFamily("attempt/", "agent.store.attempts", "component: JSON [place, count], or count by digest")
DIRECTORY = KeyFamily("directory/", "agent.sources.salesforce.directory", "org/kind/id: JSON {at, record}")
API_CALLS = KeyFamily("api-calls", "agent.assembly.kept_calls", "JSON, what `CallLedger.encode` makes")
EVENT_TIMES = KeyFamily("times/", "agent.pipeline.event_times", "source/event type: JSON `FeedRecord`")
READ_ACCOUNT = KeyFamily("account/ingest/", "agent.store.accounts", "source/event type: JSON `IngestAccount`")
COMPARED = KeyFamily(
    "completeness/day/", "agent.store.completeness.day_books", "day/feed/source: JSON, array of `FeedFigures`"
)
CHANGES = KeyFamily(
    "completeness/changes", "agent.store.completeness.change_books", "JSON, an array of `ToldChange`, by their time"
)
COMPARED_TOLD = KeyFamily(
    "completeness/told/",
    "agent.store.completeness.day_report",
    "day/source: bytes, a digest of its figures when they were announced",
)
HEARD = KeyFamily(
    "silence/heard/",
    "agent.store.silence.silence_report",
    "source/feed: JSON `HeardHours`; of the whole source, where the feed is empty",
)
HEARD_SENDER = KeyFamily("inbound/heard/", "agent.store.silence.heartbeat_watch", "sender: JSON `HeardSender`")

# Detecting: the detector names its keys from behind `memory/detection/` on

DETECTION = KeyFamily("memory/detection/", "agent.detection.detector", "key: bytes of what detection remembers")
FOLDING = KeyFamily("memory/detection/folding/", "agent.detection.alert.fold_memory", "org/rule: JSON, open alerts")
SOURCE_TIMES = KeyFamily("memory/detection/sources", "agent.detection.memory.source_times", "JSON, how far they are")
CORRELATION = KeyFamily("memory/detection/correlation/", "agent.detection.correlation.engine", "its page says")
BASELINE = KeyFamily("memory/detection/baseline/", "agent.detection.baseline.engine", "its package's page says")
HISTORY = KeyFamily(
    "memory/detection/history/", "agent.assembly.history.detection", "backfill/key: as of detection, of its rows alone"
)

# Answering: what a batch's alerts make us do, and what is written down of it

RESPONSE = KeyFamily("response/", "agent.pipeline.batch_writer", "key: bytes that `RespondStep` gave")
TRAIL = KeyFamily("trail/", "agent.pipeline.batch_writer", "key: bytes that `RecordStep` gave")
PACK = KeyFamily(
    "regimes/pack", "agent.notice.regimes.in_force", "JSON {pack, note}, the newest pack that was in force, as text"
)

# The spool, and what is delivered of it

BATCH = KeyFamily("spool/batch/", "agent.store.spool", "lane/number: `BatchFile`")
NEXT_BATCH = KeyFamily("spool/next/", "agent.store.spool", "lane: the number of its next batch")
POSITION = KeyFamily(
    "position/",
    "agent.store.queue.destination_queue",
    "destination/lane: text `number:row`, rows before it are settled",
)
STOPPED = KeyFamily("stopped/", "agent.store.queue.stopped_lanes", "destination: text, the names of its stopped lanes")
PARKED = KeyFamily("aside/entry/", "agent.store.queue.parked_batches", "destination/number: `ParkedBatch`")
NEXT_PARKED = KeyFamily("aside/next", "agent.store.queue.parked_batches", "the number of the next parked batch")
REPAIR = KeyFamily("repair/", "agent.store.queue.repairs", "checksum/first row: `Damage`")
LANE_ACCOUNT = KeyFamily("account/lane/", "agent.store.accounts", "lane: rows ever committed to it")
DELIVERY_ACCOUNT = KeyFamily("account/destination/", "agent.store.accounts", "destination/lane: JSON `DeliveryAccount`")

DEAD_LETTERS = KeyFamily("dead/file/", "agent.store.dead_letters", "number: `BatchFile`")
DEAD_LETTER_CONTEXT = KeyFamily("dead/about/", "agent.store.dead_letters", "number: JSON `DeadLetterContext`")
NEXT_DEAD_LETTERS = KeyFamily("dead/next", "agent.store.dead_letters", "the number of the next file")

# Problems

PROBLEM = KeyFamily("problem/open/", "agent.store.problems", "problem id: `Problem`")
OUTBOX = KeyFamily("memory/agent/outbox/", "agent.store.problem_outbox", "number: JSON, an event that is to be sent")
NEXT_EVENT = KeyFamily("problem/next", "agent.store.problem_outbox", "the number of the next event")

# Outside shards

STATE_ID = KeyFamily("state/id", "agent.store.directory.state_identity", "eight hexadecimal characters")
GENERATION = KeyFamily("state/generation", "agent.store.directory.state_identity", "starts of the daemon so far")
SCHEMA = KeyFamily("state/schema", "agent.store.directory.migrations", "`VERSION` of what is stored")
REBUILT = KeyFamily("state/rebuilt", "agent.store.recovery.rebuild", "`RebuildReport`, until the books are in order")

OF_A_SHARD = (
    *(
        CURSOR,
        MEMORY,
        TAKEN,
        ATTEMPT,
        DIRECTORY,
        API_CALLS,
        EVENT_TIMES,
        READ_ACCOUNT,
        COMPARED,
        COMPARED_TOLD,
        CHANGES,
        HEARD,
        HEARD_SENDER,
    ),
    *(DETECTION, FOLDING, SOURCE_TIMES, CORRELATION, BASELINE, HISTORY, RESPONSE, TRAIL, PACK),
    *(BATCH, NEXT_BATCH, POSITION, STOPPED, PARKED, NEXT_PARKED, REPAIR, LANE_ACCOUNT, DELIVERY_ACCOUNT),
    *(DEAD_LETTERS, DEAD_LETTER_CONTEXT, NEXT_DEAD_LETTERS),
    *(PROBLEM, OUTBOX, NEXT_EVENT),
)
OUTSIDE_SHARDS = (STATE_ID, GENERATION, SCHEMA, REBUILT)

NAMING = (BATCH, PARKED, REPAIR, DEAD_LETTERS)
"""Families whose values name batch files."""

_LAST, _SURROGATES = "\U0010ffff", range(0xD800, 0xE000)


def shard_prefix(shard: str) -> str:
    """What the keys of a shard begin with. `shard`: an org's name in the settings, or `PROCESS`."""
    return f"{ORGS}{shard}/" if shard else OF_PROCESS


def shard_of(key: str) -> tuple[str, str] | None:
    """The shard of a key and what of the key follows it; None for one that stands outside shards."""
    if key.startswith(OF_PROCESS):
        return PROCESS, key.removeprefix(OF_PROCESS)
    if not key.startswith(ORGS):
        return None
    shard, _, rest = key.removeprefix(ORGS).partition("/")
    return shard, rest


def shard_title(shard: str) -> str:
    """Whose a shard is, for people."""
    return shard or "Leakline itself"


def family(key: str) -> KeyFamily | None:
    """The family of a whole key: the longest prefix decides. None for a key of no family."""
    found = shard_of(key)
    families, rest = (OF_A_SHARD, found[1]) if found else (OUTSIDE_SHARDS, key)
    fitting = [known for known in families if rest.startswith(known.prefix)]
    return max(fitting, key=lambda known: len(known.prefix), default=None)


def following(prefix: str) -> str | None:
    """The first text after all that begin with `prefix`, in the order of code points; None where there is none."""
    cut = prefix.rstrip(_LAST)
    if not cut:
        return None
    after = ord(cut[-1]) + 1
    return cut[:-1] + chr(_SURROGATES.stop if after in _SURROGATES else after)  # no key has half a character
