"""Which copy of a key counts when its document goes: a backup that was read, holds the key and opens."""

from dataclasses import replace

import pytest

from tests.contract.conftest import Line
from tests.contract.removals import HOUR, Recoverable, exists, remove
from tests.passphrases import strong
from whatsapp_flow_keys.errors import DeletionRefusedError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.removal import Force, Opening, remove_stored_ring
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.store import Versioned


class Nameless(FileStore):
    """Does not say which document it is."""

    def read(self) -> Versioned:
        return replace(super().read(), place="")


def test_a_key_that_only_a_backup_holds_is_not_at_stake_while_only_the_store_goes(line: Line) -> None:
    """It does not open with the words of today, and it did not before."""
    line.rotate()
    line.backups, line.passphrase = 1, strong("words of a time before")
    store, backup = line.stores
    (line.folder / "ring1.json").write_bytes((line.folder / "ring0.json").read_bytes())
    key = PrivateKey.generate()
    ring = line.ring(1)
    entry = replace(
        ring.keys[0], fingerprint=key.fingerprint, private_key_pem=key.to_pem(strong("words of a time before"))
    )
    backup.write(replace(ring, keys=(entry,)), backup.read())
    line.emulator.set_key(line.number, key.public_key_pem)
    line.clock.time += HOUR
    remove_stored_ring(store, [backup], line.session(), force=Force())
    assert not exists(line)


def test_a_ring_whose_keys_live_on_in_a_backup_goes_though_meta_can_not_be_asked(line: Line) -> None:
    line.backups = 1
    line.rotate()
    line.fault("error", code=131031, method="GET")
    remove(line)
    assert not exists(line)


def test_a_document_that_says_no_place_is_no_copy_of_itself(line: Line) -> None:
    key = line.rotate()
    with pytest.raises(DeletionRefusedError, match=f"Meta serves key {key}"):
        remove(line, stores=[Nameless(str(line.folder / "ring0.json"))])


def test_a_document_that_can_be_restored_goes_without_asking_meta(line: Line) -> None:
    line.rotate()
    line.fault("error", code=131031, method="GET")
    remove(line, stores=[Recoverable(str(line.folder / "ring0.json"))])
    assert not exists(line)


def test_a_ring_goes_while_a_backup_holds_the_served_key(line: Line) -> None:
    line.backups = 1
    line.rotate()
    remove(line)
    assert not exists(line)
    assert line.served() in line.roles(1)


def test_a_backup_that_is_the_store_under_another_name_does_not_count(line: Line) -> None:
    key = line.rotate()
    (line.folder / "other.json").hardlink_to(line.folder / "ring0.json")
    backup = FileStore(str(line.folder / "other.json"))
    with pytest.raises(DeletionRefusedError, match=f"Meta serves key {key}"):
        remove_stored_ring(line.stores[0], [backup], line.session(), force=Force())
    assert exists(line)


def test_a_backup_counts_only_if_it_opens_with_what_is_left(line: Line) -> None:
    """Its PEMs were written with a passphrase that nobody has any more."""
    line.backups, line.passphrase = 1, strong("former words")
    key = line.rotate()
    store, backup = line.stores
    with pytest.raises(DeletionRefusedError, match=f"Meta serves key {key}"):
        remove_stored_ring(store, [backup], line.session(), force=Force(), opening=Opening(("new",)))
    assert exists(line)


def test_only_the_place_that_goes_is_named_while_the_passphrase_stays(line: Line) -> None:
    line.rotate()
    line.backups = 1
    (line.folder / "ring1.json").write_text("garbage")
    with pytest.raises(DeletionRefusedError, match=f"whose last copy that opens is in {line.stores[0].url}; "):
        remove(line)


def test_a_backup_that_lacks_the_served_key_does_not_count(line: Line) -> None:
    line.rotate()
    snapshot = (line.folder / "ring0.json").read_bytes()
    line.rotate()
    line.backups = 1
    (line.folder / "ring1.json").write_bytes(snapshot)
    with pytest.raises(DeletionRefusedError):
        remove(line)


def test_a_backup_that_can_not_be_read_does_not_count(line: Line) -> None:
    line.rotate()
    line.backups = 1
    (line.folder / "ring1.json").write_text("garbage")
    with pytest.raises(DeletionRefusedError):
        remove(line)
