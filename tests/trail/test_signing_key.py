"""The key of a trail is made once, whole, and what is none is told in a sentence that does not show it."""

from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.trail.settings import TrailSettings
from agent.trail.signing_key import FILE, origin_of, signer

ORIGIN = origin_of("0011aabb")


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """The next start signs with the same one, which the user of the service alone may read."""
    made = signer(TrailSettings(), tmp_path, ORIGIN)
    assert signer(TrailSettings(), tmp_path, ORIGIN).verifier == made.verifier
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_a_kill_while_it_is_made_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a key would refuse every start from then on."""

    def killed(_descriptor: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            signer(TrailSettings(), tmp_path, ORIGIN)
    assert not (tmp_path / FILE).exists()
    assert signer(TrailSettings(), tmp_path, ORIGIN).name == ORIGIN


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"PRIVATE+KEY+leakline/trail+00", b"PRIVATE+KEY+a+00000000+AQ=="]
)
def test_a_file_that_is_no_key_is_a_sentence(content: bytes, tmp_path: Path) -> None:
    """It says which file."""
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(SettingsError, match=FILE):
        signer(TrailSettings(), tmp_path, ORIGIN)
