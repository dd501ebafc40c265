"""What laws call a controller and a processor is data of the pack, and hangs together."""

import pytest
import yaml
from pydantic import ValidationError

from agent.notice.regimes.model import RegimePack
from agent.notice.regimes.pack import SHIPPED

DOCUMENT = yaml.load(SHIPPED.read_bytes(), yaml.CSafeLoader)


@pytest.mark.parametrize("aliases", [{"controller": ["owner", "ownr"]}, {"controler": ["owner"]}])
def test_an_alias_that_no_regime_has_is_refused(aliases: dict[str, list[str]]) -> None:
    """A slip in it would leave a law out."""
    with pytest.raises(ValidationError, match="is not a role of any regime"):
        RegimePack.model_validate({**DOCUMENT, "role_aliases": aliases})


def test_a_pack_without_aliases_is_refused() -> None:
    """It would leave out every law that has a word of its own."""
    with pytest.raises(ValidationError, match="role_aliases"):
        RegimePack.model_validate({key: value for key, value in DOCUMENT.items() if key != "role_aliases"})
