"""What a draft has: what is known now, and what people wrote."""

from typing import Any

import pytest

from agent.errors import LeaklineError
from agent.notice.drafts.notice import NOTICE, VERSION
from tests.notice.drafts.notice_state import SA, NoticeState


def entry(view: dict[str, Any], id_: str) -> dict[str, Any]:
    (found,) = [found for found in view["version"]["entries"] if found["id"] == id_]
    return dict(found)


def missing(view: dict[str, Any]) -> set[str]:
    return {found["id"] for found in view["missing"]}


def test_a_preview_is_not_stored(state: NoticeState) -> None:
    """It is made whenever somebody asks."""
    before = state.stored()
    view = state.ask("show")
    assert (view["state"], view["version"]["number"]) == ("none", 0)
    assert entry(view, "organisation_name")["text"] == "Example Ltd"
    assert entry(view, "aware_at")["text"] == "2026-11-27 11:00 UTC"
    assert entry(view, "began_at")["estimated"]
    state.rows()
    assert state.stored() == before


def test_what_is_missing_says_how_it_is_filled(state: NoticeState) -> None:
    """By a fact, a setting, an anchor, or in the draft itself; and is not missing after that."""
    ways = {found["id"]: found["how"] for found in state.ask("draft")["missing"]}
    assert ways["persons_affected"][0] == f"leakline incidents fact {state.number} persons_affected=VALUE"
    assert ways["organisation_address"][0] == "`address` under `notice.organisation` in the settings"
    assert ways["risk_level"] == ["--set risk_level=VALUE"]
    state.incidents("fact", facts=["persons_affected=1200"])
    view = state.ask("draft", values={"risk_level": "low: the data were encrypted"})
    assert not {"persons_affected", "risk_level"} & missing(view)
    assert entry(view, "persons_affected") | {"text": "1,200", "source": "fact", "estimated": False} == entry(
        view, "persons_affected"
    )


def test_a_new_version_keeps_what_people_wrote_and_renews_what_is_known(state: NoticeState) -> None:
    """Until they take it back with an empty text."""
    state.incidents("fact", facts=["persons_affected=10"])
    state.ask("draft", values={"measures_taken": "the app is blocked", "description": "a list was taken"})
    state.incidents("fact", facts=["persons_affected=20", "description=another description"])
    view = state.ask("draft", by="ana")
    assert entry(view, "persons_affected")["text"] == "20"
    assert entry(view, "measures_taken") | {"text": "the app is blocked", "by": "eva"} == entry(view, "measures_taken")
    assert entry(view, "description")["text"] == "a list was taken"
    back = state.ask("draft", values={"description": ""})
    assert entry(back, "description")["text"] == "another description"
    assert back["versions"] == 3
    assert entry(state.ask("show", version=1), "persons_affected")["text"] == "10"


def test_a_draft_with_everything_is_complete(state: NoticeState) -> None:
    """The same fields are not missing in the list either."""
    values = {found["id"]: "as it is" for found in state.ask("show")["missing"]}
    view = state.ask("draft", values=values)
    assert (view["version"]["completeness"], missing(view)) == ("complete", set())
    (row,) = [row for row in state.rows() if row["obligation"] == SA]
    assert (row["state"], row["version"], row["missing"]) == ("draft", 1, [])


def test_a_late_notice_needs_the_reasons_for_the_delay(state: NoticeState) -> None:
    """From its due date on, as Art. 33(1) asks; a letter to the persons themselves does not."""
    state.move(hours=70, minutes=59)
    assert "reasons_for_delay" not in missing(state.ask("draft"))
    state.move(minutes=1)
    assert "reasons_for_delay" in missing(state.ask("draft"))
    assert "reasons_for_delay" not in missing(state.ask("draft", values={"reasons_for_delay": "the site was down"}))
    state.move(days=30)
    assert "reasons_for_delay" not in missing(state.ask("show", "eu-gdpr-34/individuals"))


def test_an_estimate_is_to_be_confirmed(state: NoticeState) -> None:
    """It is marked until a person says it."""
    assert "began_at" in {found["id"] for found in state.ask("draft")["to_confirm"]}
    state.incidents("anchor", anchors=["occurred=2026-11-27T08:00Z"])
    view = state.ask("draft")
    assert "began_at" not in {found["id"] for found in view["to_confirm"]}
    assert entry(view, "began_at") | {"text": "2026-11-27 08:00 UTC", "estimated": False} == entry(view, "began_at")


@pytest.mark.parametrize(
    "values, said",
    [
        ({"persons_afected": "3"}, "persons_affected"),
        ({"measures_taken": "x" * 5_001}, "5,000"),
        ({"measures_taken": "a\x1b[31m"}, "cannot be seen"),
        ({"measures_taken": "a\u202eb"}, "cannot be seen"),
    ],
)
def test_what_cannot_be_a_field_is_refused(state: NoticeState, values: dict[str, str], said: str) -> None:
    """And nothing is stored."""
    before = state.stored()
    with pytest.raises(LeaklineError, match=said):
        state.ask("draft", values=values)
    assert state.stored() == before


def test_a_notice_has_a_size(state: NoticeState) -> None:
    """Fields of which each is within its bounds are together too long."""
    fields = [found["id"] for found in state.ask("show")["version"]["entries"]]
    with pytest.raises(LeaklineError, match="100,000"):
        state.ask("draft", values=dict.fromkeys(fields, "x" * 4_000))


def test_an_obligation_without_a_clock_has_no_draft(state: NoticeState) -> None:
    """The refusal names those of the incident."""
    with pytest.raises(LeaklineError, match="contract:big/customer"):
        state.ask("draft", "uk-gdpr-33/ico")
    with pytest.raises(LeaklineError, match="is not an obligation"):
        state.ask("show", "eu-gdpr-33/as")


def test_a_version_that_was_changed_in_the_state_is_not_shown(state: NoticeState) -> None:
    """Its digest shows it; one that is missing is seen as well."""
    state.ask("draft", values={"measures_taken": "the app is blocked"})
    key = f"{VERSION}{state.number}/{SA}/000001"
    data = state.desk.recall(key)
    assert data is not None
    for other in (data.replace(b"the app is blocked", b"the app was blocked"), b"", None):
        with state.desk.changing() as change:
            change.apply({key: other})
        with pytest.raises(LeaklineError, match="version 1"):
            state.ask("show")
        assert state.desk.recall(NOTICE + f"{state.number}/{SA}") is not None


def test_a_damaged_notice_hides_no_other_from_the_list(state: NoticeState) -> None:
    """It is named."""
    state.ask("draft")
    before = len(state.rows())
    with state.desk.changing() as change:
        change.apply({f"{NOTICE}{state.number}/{SA}": b"{"})
    assert state.answer_of_list()["damaged"] == [f"{state.number} {SA}"]
    assert len(state.rows()) == before - 1


def test_the_trail_has_digests_and_the_event_no_text(state: NoticeState) -> None:
    """What people wrote can be erased there."""
    view = state.ask("draft", values={"measures_taken": "Ms. Canary was informed"})
    (record,) = state.records("notice-drafted")
    assert record["data"]["digest"] == view["digest"]
    assert "risk_level" in record["data"]["missing"]
    assert "Canary" not in str(record)
    (event,) = state.events("notice-drafted")
    assert "Canary" not in str(event)
    notice = {name: value for name, value in event["fields"].items() if name.startswith("leakline.notice.")}
    assert notice == {
        "leakline.notice.obligation": SA,
        "leakline.notice.version": 1,
        "leakline.notice.state": "draft",
        "leakline.notice.missing": len(view["missing"]),
        "leakline.notice.digest": view["digest"],
    }
