"""A key that was sent to Meta, or is sent while a removal looks, can still come to be served."""

from collections.abc import Callable

import pytest

from tests.contract.conftest import Line
from tests.contract.removals import exists, remove
from tests.passphrases import strong
from whatsapp_flow_keys.errors import DeletionRefusedError, FlowKeysError, StoreConflictError
from whatsapp_flow_keys.lifecycle.removal import Force, Opening, remove_stored_ring
from whatsapp_flow_keys.registrars.registrar import ServedKey
from whatsapp_flow_keys.ring import Role
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.store import Versioned


class Interrupted(FileStore):
    """Something happens between the last read and the deletion."""

    def __init__(self, line: Line, happens: Callable[[], object]) -> None:
        super().__init__(str(line.folder / "ring0.json"))
        self._happens = happens

    def delete(self, expected: Versioned) -> str:
        self._happens()
        return super().delete(expected)


class Lagging(FileStore):
    """Answers from the second read on with what was there before."""

    def __init__(self, line: Line, before: Versioned) -> None:
        super().__init__(str(line.folder / "ring0.json"))
        self._answers, self._before = [self.read(), self.read()], before

    def read(self) -> Versioned:
        if not hasattr(self, "_before"):
            return super().read()
        return self._answers.pop() if self._answers else self._before


class AskedThen:
    """Something happens right after Meta answered for the last time."""

    def __init__(self, line: Line, happens: Callable[[], object]) -> None:
        self._graph, self._happens = line.graph, happens

    def served(self, phone_number_id: str) -> ServedKey:
        found = self._graph.served(phone_number_id)
        self._happens()
        return found

    def publish(self, phone_number_id: str, public_key_pem: str) -> str | None:
        raise AssertionError("a removal publishes nothing")


def test_what_is_published_while_a_deletion_looks_makes_it_a_conflict(line: Line) -> None:
    """A first `up` is cancelled and goes on: it marks and publishes after the deletion asked Meta."""
    staged = line.stage()
    store = Interrupted(line, lambda: line.register(staged))
    with pytest.raises(StoreConflictError):
        remove_stored_ring(store, [], line.session(), force=Force())
    assert line.served() == staged
    assert line.roles() == {staged: Role.CURRENT}


def test_what_was_published_after_meta_was_asked_shows_in_the_ring_that_is_read_then(line: Line) -> None:
    staged = line.stage()
    graph = AskedThen(line, lambda: line.register(staged))
    with pytest.raises(DeletionRefusedError, match=f"the number has no key, but key {staged}"):
        remove_stored_ring(line.stores[0], [], line.session(graph=graph), force=Force())
    assert exists(line)


def test_an_offer_that_one_answer_of_the_store_showed_counts_though_the_next_is_older(line: Line) -> None:
    line.passphrase = strong("generated words")
    line.stage()
    before = line.stores[0].read()
    staged = line.offer_in_vain()
    with pytest.raises(DeletionRefusedError, match=f"key {staged}, whose last copy is in .* may have been sent"):
        remove_stored_ring(
            Lagging(line, before), [], line.session("key-2"), force=Force(), opening=Opening((), passphrase_goes=True)
        )


@pytest.mark.parametrize("passphrase_goes", [False, True])
def test_a_ring_stays_while_a_publication_whose_answer_was_lost_may_take_effect(
    line: Line, passphrase_goes: bool
) -> None:
    staged = line.stage()
    line.fault("late_commit", method="POST", seconds=3600)
    with pytest.raises(FlowKeysError):
        line.register(staged)
    line.emulator.clear_faults()
    with pytest.raises(DeletionRefusedError, match=f"key {staged}, .* can still take effect"):
        remove(line, passphrase_goes=passphrase_goes)
    assert exists(line)
    with pytest.raises(DeletionRefusedError):
        remove(line, force=Force(fingerprint="f" * 64), passphrase_goes=passphrase_goes)
    remove(line, force=Force(fingerprint=staged), passphrase_goes=passphrase_goes)
    assert not exists(line)


def test_a_ring_whose_key_was_staged_and_never_offered_goes(line: Line) -> None:
    line.stage()
    remove(line)
    assert not exists(line)
