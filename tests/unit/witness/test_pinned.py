"""Whose signatures a witness takes for the site's."""

from pathlib import Path

import httpx2
import pytest

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.keys import SignerKey
from fanfare.ledger.notes import Note
from fanfare.notary.publishing import manifest
from fanfare.record.notary import Notary, key_name
from fanfare.witness.keys import KeyWrong, own_key
from fanfare.witness.pinned import NotTheSite, Pinned
from tests.watched import NAME, SignedSite, Watch, seeded


def served(site: SignedSite) -> bytes:
    """Return the manifest that a site serves."""
    return site.answer(httpx2.Request("GET", f"{NAME}/record/manifest")).content


def test_the_first_key_that_is_seen_is_pinned_for_ever(tmp_path: Path) -> None:
    site = SignedSite()
    Pinned(tmp_path).take(served(site))

    again = Pinned(tmp_path)

    assert again.key == str(site.record_key.verifier)
    assert list(again.origins()) == [site.origin()]
    with pytest.raises(NotTheSite, match="pinned"):
        Pinned(tmp_path, str(SignerKey.generate(key_name(NAME)).verifier))


def test_another_site_under_the_same_name_is_not_the_site(tmp_path: Path) -> None:
    pinned, forger = Pinned(tmp_path), SignedSite(generation=7)
    pinned.take(served(SignedSite()))

    with pytest.raises(NotTheSite, match="not signed by a key that follows"):
        pinned.take(served(forger))

    assert pinned.verifiers(forger.origin()) == (seeded(forger.origin()).verifier,)


def test_a_rotation_is_followed_and_the_old_keys_sign_nothing_new(tmp_path: Path) -> None:
    site, pinned = SignedSite([[b"one"], [b"two"]]), Pinned(tmp_path)
    early = served(site)
    pinned.take(early)
    old = pinned.verifiers(site.origin())

    for _ in range(3):
        site.rotate()
        pinned.take(served(site))
    pinned.take(served(site))

    assert old == (seeded(site.origin()).verifier,)
    assert pinned.verifiers(site.origin()) == (seeded(site.origin(), 3).verifier,)
    assert Pinned(tmp_path).verifiers(site.origin(1)) == (seeded(site.origin(1), 3).verifier,)


def test_an_older_manifest_brings_no_retired_key_back(tmp_path: Path) -> None:
    site, pinned = SignedSite(), Pinned(tmp_path)
    early = served(site)
    site.rotate()
    pinned.take(served(site))

    pinned.take(early)

    assert pinned.verifiers(site.origin()) == (seeded(site.origin(), 1).verifier,)


def test_whoever_has_a_retired_key_names_no_other_with_it(tmp_path: Path) -> None:
    site, before, pinned = SignedSite(), SignedSite(), Pinned(tmp_path)
    site.rotate()
    pinned.take(served(site))
    before._add(SignerKey.generate(site.origin()), by=before.record_key)
    forged = Notary((*site.notary.keys, before.notary.keys[-1]))

    pinned.take(bytes(manifest(NAME, [bytes(site.note())], forged, [before.record_key])))

    assert pinned.verifiers(site.origin()) == (seeded(site.origin(), 1).verifier,)
    assert Pinned(tmp_path).verifiers(site.origin()) == (seeded(site.origin(), 1).verifier,)


def test_a_manifest_whose_key_has_a_signature_that_is_no_base64_is_not_the_site(tmp_path: Path) -> None:
    key = SignerKey.generate(key_name(NAME))
    text = f"fanfare record manifest v1\n{NAME}\nkey {key.verifier} - é\n"

    with pytest.raises(NotTheSite):
        Pinned(tmp_path).take(bytes(Note(text.encode()).signed(key)))


@pytest.mark.parametrize("left", ["", "https://fanfare.example\n", "https://fanfare.example\nno key\n"])
def test_a_file_of_keys_that_is_damaged_does_not_let_another_key_be_pinned(tmp_path: Path, left: str) -> None:
    (tmp_path / "keys").write_text(left)

    with pytest.raises(NotTheSite, match="is damaged"):
        Pinned(tmp_path)


def test_a_key_given_beforehand_is_the_only_one_that_counts(tmp_path: Path) -> None:
    site, pinned = SignedSite(), Pinned(tmp_path, str(SignerKey.generate(key_name(NAME)).verifier))

    with pytest.raises(NotTheSite, match="not signed by a key that follows"):
        pinned.take(served(site))
    right = Pinned(tmp_path, str(site.record_key.verifier))
    right.take(served(site))

    assert right.verifiers(site.origin())


def test_a_later_key_may_be_pinned_and_what_came_before_it_does_not_count(tmp_path: Path) -> None:
    site = SignedSite()
    site.rotate()
    pinned = Pinned(tmp_path, str(site.record_key.verifier))

    pinned.take(served(site))

    assert pinned.verifiers(site.origin()) == (seeded(site.origin(), 1).verifier,)
    assert seeded(site.origin()).verifier not in pinned.notary.verifiers(site.origin())


def test_a_forger_who_signs_our_key_into_a_chain_of_her_own_is_not_believed(tmp_path: Path) -> None:
    ours = SignedSite()
    ours.rotate()
    pinned = Pinned(tmp_path, str(ours.record_key.verifier))  # the forger's chain leads to it: anybody can sign a public key
    forged = Note.parse(manifest(NAME, [bytes(ours.note())], ours.notary, [seeded(key_name(NAME))]))

    with pytest.raises(NotTheSite):
        pinned.take(bytes(forged))


def test_a_key_that_is_none_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotTheSite, match="fanfare keys show"):
        Pinned(tmp_path, "fanfare.example")


async def test_a_checkpoint_by_a_key_that_was_retired_gets_no_cosignature(tmp_path: Path) -> None:
    watch = Watch(SignedSite([[b"one"]]), tmp_path)
    await watch.follower.look()
    stolen = watch.site.note(entries=[b"one", b"two"])
    watch.site.rotate()
    await watch.follower.look()

    async with watch.client() as client:
        answer = await client.post("/add-checkpoint", content=b"old 1\n\n" + bytes(stolen))

    assert answer.status_code == 403
    assert watch.cosigned() == Checkpoint.parse(watch.site.note().text)


def test_a_witness_makes_its_key_once_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    key = own_key(tmp_path, "news.example/witness")

    assert own_key(tmp_path, "") == key
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyWrong, match="keeps its name"):
        own_key(tmp_path, "other.example")


@pytest.mark.parametrize("name", ["", "a b", "a+b"])
def test_a_witness_has_a_name_that_a_note_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeyWrong, match="no spaces"):
        own_key(tmp_path, name)


def test_a_file_that_holds_no_key_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("gone")

    with pytest.raises(KeyWrong, match="holds no key"):
        own_key(tmp_path, "news.example")

    assert (tmp_path / "key").read_text() == "gone"
