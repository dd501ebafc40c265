"""Notes are those of c2sp.org/signed-note, and only their own signatures are accepted."""

import pytest

from agent.signing.signed_note import BadNote, NoteSigner, NoteVerifier, parted, verified

SIGNER = NoteSigner.generate("example.com/foo")
TEXT = "This is an example message.\nIt has two lines.\n"


def test_a_note_is_verified_by_the_key_that_signed_it() -> None:
    """Keys go through their text form."""
    note = NoteSigner.parse(SIGNER.private_text()).sign(TEXT)
    assert verified(note, [NoteVerifier.parse(str(SIGNER.verifier))]) == TEXT
    assert note.startswith(TEXT + "\n\u2014 example.com/foo ")


def test_the_key_of_the_specification_is_read() -> None:
    """The published example of the form: its id belongs to its name and key."""
    key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    verifier = NoteVerifier.parse(key)
    assert (verifier.name, verifier.id.hex(), str(verifier)) == ("PeterNeumann", "c74f20a3", key)


def test_the_note_of_the_specification_is_verified() -> None:
    """The published example: text and signature."""
    key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    assert verified(f"{text}\n\u2014 PeterNeumann {signature}\n", [NoteVerifier.parse(key)]) == text


@pytest.mark.parametrize(
    "change, reason",
    [
        (lambda note: note.replace("two", "six"), "does not fit"),
        (lambda note: note.replace("foo ", "bar "), "no known key"),
        (lambda note: note[:-30], "not a signed note|not a signature"),
        (lambda note: note.replace("\n\n", "\n"), "not a signed note|not a signature"),
        (lambda note: "\x07" + note, "control characters"),
        (lambda note: "x" * (1 << 20) + note, "longer"),
        (lambda _: "", "not a signed note"),
    ],
    ids=["text", "name", "end", "middle", "control", "long", "empty"],
)
def test_whatever_was_changed_is_refused(change: object, reason: str) -> None:
    """With words that say what is wrong."""
    with pytest.raises(BadNote, match=reason):
        verified(change(SIGNER.sign(TEXT)), [SIGNER.verifier])  # type: ignore[operator]


def test_a_key_of_another_id_is_refused() -> None:
    """A key that was exchanged under a known id."""
    _, id_, _ = str(SIGNER.verifier).split("+", 2)
    another = str(NoteSigner.generate("example.com/foo").verifier).split("+", 2)[2]
    with pytest.raises(BadNote, match="does not belong"):
        NoteVerifier.parse(f"example.com/foo+{id_}+{another}")


def test_several_may_sign_and_one_that_is_known_is_enough() -> None:
    """Signatures of keys that nobody here knows are left out of account."""
    other = NoteSigner.generate("witness.example")
    first, second = SIGNER.sign(TEXT), other.sign(TEXT)
    both = first + second.rpartition("\n\n")[2]
    assert verified(both, [other.verifier]) == TEXT
    assert len(parted(both)[1]) == 2
