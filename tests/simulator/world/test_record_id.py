from agent.simulator.world.record_id import PREFIXES, long_id, pool, short_id


def test_known_ids() -> None:
    """The suffix is the one Salesforce gives."""
    assert long_id("0055f00000AbCdE") == "0055f00000AbCdEAAV"
    assert long_id("001D000000IqhSL") == "001D000000IqhSLIAZ"


def test_a_long_id_stays_as_it_is() -> None:
    """Eighteen characters and no characters at all are left alone."""
    assert long_id("0055f00000AbCdEAAV") == "0055f00000AbCdEAAV"
    assert long_id("") == ""


def test_ids_of_every_kind_have_fifteen_characters_and_their_prefix() -> None:
    """A prefix has three characters, an id fifteen."""
    for kind, prefix in PREFIXES.items():
        assert len(short_id(kind, 123_456_789)) == 15
        assert short_id(kind, 7).startswith(prefix)


def test_a_pool_has_no_repeats() -> None:
    """Records of a pool are different records."""
    assert pool("Account", 4000).n_unique() == 4000
