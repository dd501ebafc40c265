"""The table by which legal drills count, and its count."""

from datetime import UTC, datetime

import pytest

from agent.daemon.drills.legal.known_dates import KnownDate, known_dates
from agent.daemon.drills.legal.newer_terms import terms_of
from agent.daemon.drills.legal.terms import term_table
from tests.drills.legal.legal_runs import PACK

TABLE = term_table()
KNOWN = [known for regime in PACK.regimes for known in known_dates(regime=regime.id)]
PLAIN = [known for known in KNOWN if not known.facts]


def test_the_table_is_of_the_shipped_pack() -> None:
    """Who changes the pack changes the table too, by hand: version, regimes and obligations are the same."""
    assert (TABLE.pack, TABLE.version) == (PACK.pack.id, PACK.pack.version)
    law = [regime for regime in PACK.regimes if regime.status not in ("proposed", "pending") and not regime.template]
    assert {id_: list(terms.obligations) for id_, terms in TABLE.regimes.items()} == {
        regime.id: [duty.id for duty in regime.obligations] for regime in law
    }


def test_the_words_of_the_shipped_pack_are_those_of_the_table() -> None:
    """What is written down twice is the same twice, so that newer packs are read as the table is."""
    anchors = {name: datetime(2026, 10, 30, 9, tzinfo=UTC) for name in PACK.anchors}
    for id_, terms in TABLE.regimes.items():
        regime = PACK.regime(id_)
        assert regime is not None
        stages = {f"prior_stage:{duty.id}": datetime(2026, 11, 19, 20, tzinfo=UTC) for duty in regime.obligations}
        assert terms_of(regime) == terms
        assert terms_of(regime).ends({**anchors, **stages}) == terms.ends({**anchors, **stages})


@pytest.mark.parametrize("known", PLAIN, ids=lambda known: known.name)
def test_the_count_gives_the_dates_computed_by_hand(known: KnownDate) -> None:
    """From the table alone, in the zone of the recipient."""
    term = TABLE.regimes[known.regime].obligations[known.obligation]
    anchors = TABLE.with_presumed(known.anchors)
    if "detected" in known.anchors:
        anchors = dict.fromkeys(term.anchors, known.anchors["detected"])
    assert term.end(anchors, known.zone or TABLE.regimes[known.regime].zone) == known.due


def test_known_dates_are_many() -> None:
    """None is lost by a name that is not a regime's."""
    assert len(KNOWN) == 24
    assert len({known.name for known in KNOWN}) == len(KNOWN)
