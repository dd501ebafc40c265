"""A newer pack and other settings may add to what must be done and shorten it, and never lengthen or remove it in silence."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.notice.clock import BASIS, PACK
from agent.notice.regimes.pack import shipped
from agent.notice.settings import ContractSettings, NoticeSettings
from agent.store import keys
from tests.notice.clocks.conftest import Begin
from tests.notice.clocks.life import BEGIN, Life
from tests.notice.clocks.packs import newer_pack, with_hours

GERMAN = NoticeSettings(zone="Europe/Berlin", jurisdictions=["eu"])
HOUR = timedelta(hours=1)
SA = "eu-gdpr-33/sa"
CONTRACT = "contract:big/customer"


def with_contract(hours: float) -> NoticeSettings:
    contract = ContractSettings(name="big", anchor="aware", hours=hours, recipient="privacy@customer.example")
    return GERMAN.model_copy(update={"contracts": [contract]})


def aware(life: Life) -> Life:
    life.open()
    life.pass_to(BEGIN + HOUR)
    life.declare("aware", life.now)
    return life


def test_a_newer_pack_that_lengthens_keeps_the_date_and_says_so_once(begin: Begin) -> None:
    """By event and record; another restart says nothing more."""
    life = aware(begin(GERMAN))
    before = life.clock(SA)
    life.restart(signed=with_hours("eu-gdpr-33", 96))
    life.restart()
    after = life.clock(SA)
    assert (after.due, after.shadow_due, after.by) == (before.due, before.shadow_due, before.by)
    (kept,) = life.events("clock-kept")
    assert SA in kept[1]
    assert list(life.records()).count("clock-kept") == 1


def test_a_newer_pack_that_shortens_counts_at_once(begin: Begin) -> None:
    """Also from the declared anchor; the incident names both bases, the one it was judged by first."""
    life = aware(begin(GERMAN))
    judged_by = life.incident().bases
    life.restart(signed=with_hours("eu-gdpr-33", 48))
    clock = life.clock(SA)
    assert clock.due == BEGIN + 49 * HOUR
    assert clock.shadow_due == BEGIN + 48 * HOUR
    assert clock.planned_due == BEGIN + 72 * HOUR
    assert life.incident().bases == (*judged_by, clock.by)
    assert life.actions()[-1] == "clock-changed"
    assert life.events("clock-kept") == []


def test_a_newer_pack_adds_and_removes_nothing(begin: Begin) -> None:
    """An obligation that it no longer has stays; one that it brings starts."""

    def change(regimes: dict[str, Any]) -> None:
        added = dict(regimes.pop("eu-gdpr-33"), id="eu-gdpr-33-new")
        regimes[added["id"]] = added

    life = aware(begin(GERMAN))
    before = life.clock(SA)
    life.restart(signed=newer_pack(change))
    assert life.clock(SA).due == before.due
    assert life.clock("eu-gdpr-33-new/sa").due == before.due
    assert "clock-started" in life.actions()[-2:]
    (kept,) = life.events("clock-kept")
    assert SA in kept[1]


def test_a_contract_that_is_lengthened_in_the_settings_does_not_lengthen(begin: Begin) -> None:
    """Nor does one that is removed; a shorter one counts, and new incidents go by what is written now."""
    life = aware(begin(with_contract(24)))
    assert life.clock(CONTRACT).due == BEGIN + 25 * HOUR
    for settings_now in (with_contract(48), GERMAN):
        life.restart(settings_now)
        assert life.clock(CONTRACT).due == BEGIN + 25 * HOUR
    assert len(life.events("clock-kept")) == 2
    life.restart(with_contract(12))
    assert life.clock(CONTRACT).due == BEGIN + 13 * HOUR
    life.restart(with_contract(48))
    life.open("inc-2")
    life.look()
    life.declare("aware", life.now, "inc-2")
    assert life.clock(CONTRACT, "inc-2").due == life.now + 48 * HOUR


def test_a_longer_presumption_in_the_settings_presumes_no_later(begin: Begin) -> None:
    """The shortest that ever counted for the incident counts."""
    life = begin(GERMAN)
    life.open()
    life.look()
    life.restart(GERMAN.model_copy(update={"presume_aware_after": timedelta(hours=96)}))
    life.pass_to(BEGIN + 24 * HOUR)
    assert life.incident().anchors["aware"].presumed


def test_without_notice_in_the_settings_running_clocks_go_on_and_none_starts(begin: Begin) -> None:
    """Who takes the settings away silences nothing that ran."""
    life = aware(begin(GERMAN))
    life.close()
    life.settings = None
    life.start()
    life.open("inc-2", has_clocks=False)
    life.pass_to(BEGIN + 73 * HOUR)
    assert life.clock(SA).state == "late"
    assert life.all_clocks("inc-2") == {}


def test_what_was_sent_in_time_stays_in_time_under_a_newer_pack(begin: Begin) -> None:
    """It is reckoned as it was when it ended, although other clocks of the incident run on."""
    life = aware(begin(GERMAN))
    life.pass_to(BEGIN + 60 * HOUR)
    life.send(SA)
    before = life.clock(SA)
    life.restart(signed=with_hours("eu-gdpr-33", 24))
    assert life.clock(SA) == before
    assert len(life.incident().bases) == 2


def test_the_basis_and_its_pack_are_kept_with_the_incident(begin: Begin) -> None:
    """By their digests: the same date can be reckoned when the pack is no longer in force anywhere."""
    life = aware(begin(GERMAN))
    (digest,) = life.incident().bases
    assert life.state.data(keys.RESPONSE.key(PACK + shipped().sha256)) == shipped().raw
    assert life.state.data(keys.RESPONSE.key(BASIS + digest)) is not None
    life.restart(signed=with_hours("eu-gdpr-33", 96))
    life.declare("aware", BEGIN)
    assert life.clock(SA).due == BEGIN + 72 * HOUR


def test_a_basis_that_is_damaged_leaves_its_dates_as_they_are(begin: Begin) -> None:
    """The clocks that no readable basis has keep running and become late."""
    life = aware(begin(with_contract(24)))
    before = life.clock(CONTRACT)
    with life.state.transact() as transaction:
        transaction.set(keys.RESPONSE.key(BASIS + life.incident().bases[0]), b"{}")
    life.restart(GERMAN)
    assert life.clock(CONTRACT).due == before.due
    life.pass_to(BEGIN + 26 * HOUR)
    assert life.clock(CONTRACT).state == "late"


CHANGES = st.lists(
    st.tuples(st.sampled_from([6, 24, 48, 72, 96, 200]), st.sampled_from([12.0, 24.0, 36.0])), max_size=4
)


@given(CHANGES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_sequence_of_packs_and_settings_makes_a_date_later(begin: Begin, changes: list[tuple[float, float]]) -> None:
    """Each restart with another pack and another contract leaves every date where it was, or earlier."""
    life = aware(begin(with_contract(24)))
    before = life.all_clocks()
    for law, contract in changes:
        life.restart(with_contract(contract), with_hours("eu-gdpr-33", law))
        after = life.all_clocks()
        assert before.keys() <= after.keys()
        for id_, clock in before.items():
            assert (after[id_].due or BEGIN) <= (clock.due or after[id_].due or BEGIN)
            assert (after[id_].shadow_due or BEGIN) <= (clock.shadow_due or after[id_].shadow_due or BEGIN)
        before = after
