"""A removal whose own store can't be asked."""

import pytest

from tests.contract.conftest import Line
from tests.contract.removals import exists, opening, remove
from tests.passphrases import strong
from whatsapp_flow_keys.errors import DeletionRefusedError, StoreUnavailableError
from whatsapp_flow_keys.lifecycle.removal import Force, remove_stored_ring
from whatsapp_flow_keys.stores.file.store import FileStore


def test_a_store_that_can_not_be_asked_may_hold_the_served_key_and_only_its_fingerprint_lets_it_go(
    line: Line,
) -> None:
    line.passphrase = strong("generated words")
    key = line.rotate()
    store = line.stores[0]
    (line.folder / "ring0.json").write_text("another tool's")
    for word in (None, "yes"):
        with pytest.raises(DeletionRefusedError, match=f"Meta serves key {key}"):
            remove_stored_ring(store, [], line.session(), force=Force(False, word), opening=opening(line, True))


def test_a_store_that_can_not_say_whether_it_can_restore_is_named_with_the_same_way(line: Line) -> None:
    class Unsaid(FileStore):
        @property
        def recoverable(self) -> bool:  # type: ignore[override]  # the others know it
            raise StoreUnavailableError(self.url, "does not answer")

    key = line.rotate()
    store = Unsaid(str(line.folder / "ring0.json"))
    with pytest.raises(DeletionRefusedError, match="To forget the resource and leave its document where it is"):
        remove(line, stores=[store])
    with pytest.raises(DeletionRefusedError, match=f"Meta serves key {key}"):
        remove(line, force=Force(fingerprint="yes"), stores=[store])
    assert exists(line)
    remove(line, force=Force(fingerprint=key), stores=[store])
    assert not exists(line)


def test_a_store_that_can_not_be_asked_is_named_with_the_way_to_leave_its_document_behind(line: Line) -> None:
    line.rotate()
    store = line.stores[0]
    (line.folder / "ring0.json").unlink()
    (line.folder / "ring0.json").mkdir()
    with pytest.raises(DeletionRefusedError, match="To forget the resource and leave its document where it is"):
        remove_stored_ring(store, [], line.session(), force=Force())
    for force in (Force(recorded=True), Force(fingerprint="f" * 64)):
        left = remove_stored_ring(store, [], line.session(), force=force)
        assert left == f"{store.url}: could not be asked, so its document was left behind"
